import pytest
import torch

from hico_mm.checkpoints import load_checkpoint
from hico_mm.checkpoints.official import rename
from hico_mm.cli.official_checkpoint import main
from tests.helpers import small_model


@pytest.mark.parametrize('released, ours', [
    ('c_queue', 'head.queues.clip.features'),
    ('s_queue_ptr', 'head.queues.spatial.pointer'),
    ('encoder_q.hi_encoder.t_embedding.3.weight', 'backbone.embeddings.temporal.3.weight'),
    ('encoder_k.hi_encoder.s_downsample.conv.dw_conv.bias', 'key_encoder.module.neck.pyramids.spatial.udm.conv.bias'),
    ('encoder_q.hi_encoder.s_encoder.weight_ih_l0_reverse', 'neck.pyramids.spatial.encoder.rnn.weight_ih_l0_reverse'),
    ('encoder_q.hi_encoder.t_encoder.layers.0.linear1.bias',
     'neck.pyramids.temporal.encoder.transformer.layers.0.linear1.bias'),
    ('encoder_k.sd_proj.2.weight', 'key_encoder.module.projector.mlps.spatial.2.weight'),
])
def test_names(released, ours):
    assert rename(released) == ours and rename(ours, to_official=True) == released


@pytest.mark.parametrize('content, sentence', [
    (dict(state_dict={'fc.weight': torch.zeros(2, 2)}), 'fc.weight is not a weight of a HiCo pretraining checkpoint'),
    (dict(state_dict={'c_queue': torch.zeros(2, 8)}), "'backbone.embeddings.temporal.0.weight' is missing"),
    ([1, 2], 'holds a list, not a dict of weights'),
])
def test_other_files_are_refused_by_name(tmp_path, capsys, content, sentence):
    torch.save(content, tmp_path / 'src.pth.tar')
    assert main([str(tmp_path / 'src.pth.tar'), str(tmp_path / 'dst.pth')]) == 1
    err = capsys.readouterr().err
    assert 'src.pth.tar' in err and sentence in err and not (tmp_path / 'dst.pth').exists()


def test_truncated_and_missing_files(tmp_path, capsys, golden):
    whole = (golden / 'official_gru.pth.tar').read_bytes()
    (tmp_path / 'short.pth.tar').write_bytes(whole[:len(whole) // 2])
    for name, sentence in (('short.pth.tar', 'is truncated'), ('none.pth.tar', 'does not exist')):
        assert main([str(tmp_path / name), str(tmp_path / 'dst.pth')]) == 1
        assert sentence in capsys.readouterr().err


def test_what_weights_cannot_tell_is_checked(tmp_path, capsys, golden):
    source = str(golden / 'official_gru.pth.tar')
    assert main([source, str(tmp_path / 'dst.pth'), '--layout', 'nw_ucla']) == 1
    assert 'its frames have 50 joints in all, not 2 x 20: set --layout and --num-persons' in capsys.readouterr().err
    checkpoint = load_checkpoint(source)
    del checkpoint['state_dict']['encoder_k.sd_proj.2.bias']
    torch.save(checkpoint, tmp_path / 'part.pth.tar')
    assert main([str(tmp_path / 'part.pth.tar'), str(tmp_path / 'dst.pth')]) == 1
    assert 'key_encoder.module.projector.mlps.spatial.2.bias is missing' in capsys.readouterr().err


@pytest.mark.parametrize('encoder', ['gru', 'lstm', 'transformer'])
def test_there_and_back(tmp_path, golden, encoder):
    source, there, back = golden / f'official_{encoder}.pth.tar', tmp_path / 'ours.pth', tmp_path / 'back.pth.tar'
    assert main([str(source), str(there)]) == 0
    assert main([str(there), str(back), '--to-official']) == 0
    released, again = (load_checkpoint(path) for path in (source, back))
    assert released['epoch'] == again['epoch'] and set(released['state_dict']) == set(again['state_dict'])
    for name, weight in released['state_dict'].items():
        assert weight.dtype == again['state_dict'][name].dtype and torch.equal(weight, again['state_dict'][name]), name


def test_a_run_of_ours_goes_to_the_released_code(tmp_path, make_runner):
    """Its clip queue has passed K, where the released pointer turns back."""
    runner = make_runner('run', model=small_model(**{'head.queue_length': 15}))
    runner.train()
    assert runner.model.head.queues['clip'].pointer >= 15
    source, there, again = (str(tmp_path / name) for name in ('run/epoch_1.pth', 'there.pth.tar', 'again.pth'))
    assert main([source, there, '--to-official']) == 0
    assert load_checkpoint(there)['state_dict']['c_queue_ptr'].tolist() == [0]
    assert main([there, again]) == 0
    ours, theirs = (load_checkpoint(path)['state_dict'] for path in (source, again))
    for name, weight in ours.items():
        if not name.endswith(('pointer', 'steps')):
            assert torch.equal(weight, theirs[name]), name


@pytest.mark.parametrize('changes, said', [
    ({'neck.num_granularities': 1}, "udm.conv.weight' is missing"),
    ({'backbone.norm': False}, 'backbone.embeddings.temporal.1.weight is missing'),
    ({'projector.levels': ('instance', )}, 'is missing'),
    ({'neck.udm': dict(norm_first=False)}, 'compute different features'),
    ({'neck.encoder': dict(type='TransformerEncoder', num_heads=8)}, 'compute different features'),
])
def test_what_the_released_code_does_not_have(tmp_path, make_runner, capsys, changes, said):
    runner = make_runner('run', model=small_model(**changes))
    runner.train()
    assert main([f'{runner.work_dir}/epoch_1.pth', str(tmp_path / 'there'), '--to-official']) == 1
    assert said in capsys.readouterr().err and not (tmp_path / 'there').exists()


@pytest.mark.parametrize('damage, said', [
    (lambda w: w.update(c_queue_ptr=torch.tensor([999])), 'head.queues.clip.pointer is 999, outside its queue'),
    (lambda w: w.update(c_queue=torch.zeros(3)), 'does not fit HiCo: head.queues.clip.features'),
    (lambda w: w.update(c_queue='text'), 'is not a HiCo pretraining checkpoint'),
    (lambda w: w.update({'encoder_q.hi_encoder.t_encoder.weight_hh_l0': torch.zeros(16, 16)}), 'not a GRU'),
])
def test_damaged_weights(tmp_path, capsys, golden, damage, said):
    checkpoint = load_checkpoint(golden / 'official_gru.pth.tar')
    damage(checkpoint['state_dict'])
    torch.save(checkpoint, tmp_path / 'bad.pth.tar')
    assert main([str(tmp_path / 'bad.pth.tar'), str(tmp_path / 'there')]) == 1
    assert said in capsys.readouterr().err
