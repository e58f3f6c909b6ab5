import pytest
import torch


@pytest.fixture
def tool(load_tool):
    return load_tool('convert/official_checkpoint.py')


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
def test_names(tool, released, ours):
    assert tool.convert_name(released) == ours


@pytest.mark.parametrize('content, sentence', [
    (dict(state_dict={'fc.weight': torch.zeros(2, 2)}), 'fc.weight is no weight of a HiCo pretraining checkpoint'),
    (dict(state_dict={'c_queue': torch.zeros(2, 8)}), "'backbone.embeddings.temporal.0.weight' is absent"),
    ([1, 2], 'holds a list, not a dict of weights'),
])
def test_other_files_are_refused_by_name(tool, tmp_path, capsys, content, sentence):
    torch.save(content, tmp_path / 'src.pth.tar')
    assert tool.main([str(tmp_path / 'src.pth.tar'), str(tmp_path / 'dst.pth')]) == 1
    err = capsys.readouterr().err
    assert 'src.pth.tar' in err and sentence in err and not (tmp_path / 'dst.pth').exists()


def test_truncated_and_missing_files(tool, tmp_path, capsys, golden):
    whole = (golden / 'official_gru.pth.tar').read_bytes()
    (tmp_path / 'short.pth.tar').write_bytes(whole[:len(whole) // 2])
    for name, sentence in (('short.pth.tar', 'is truncated'), ('none.pth.tar', 'does not exist')):
        assert tool.main([str(tmp_path / name), str(tmp_path / 'dst.pth')]) == 1
        assert sentence in capsys.readouterr().err


def test_what_weights_cannot_tell_is_checked(tool, tmp_path, capsys, golden):
    source = str(golden / 'official_gru.pth.tar')
    assert tool.main([source, str(tmp_path / 'dst.pth'), '--layout', 'nw_ucla']) == 1
    assert 'its frames have 50 joints in all, not 2 x 20: set --layout and --num-persons' in capsys.readouterr().err
    checkpoint = torch.load(source, weights_only=True)
    del checkpoint['state_dict']['encoder_k.sd_proj.2.bias']
    torch.save(checkpoint, tmp_path / 'part.pth.tar')
    assert tool.main([str(tmp_path / 'part.pth.tar'), str(tmp_path / 'dst.pth')]) == 1
    assert 'key_encoder.module.projector.mlps.spatial.2.bias is absent' in capsys.readouterr().err
