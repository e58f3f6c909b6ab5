"""MMAction2's graph networks under the hierarchy, and batch norm in the key encoder."""

import mmaction
import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config

from hico_mm.models.selfsup.shuffle import BatchShuffle, in_groups
from hico_mm.wiring import load_config
from tests.conftest import ROOT
from tests.helpers import shuffle_on
from tests.scripts import on_two_ranks

CONFIGS = ROOT / 'configs' / 'hico'
STOCK = {
    'stgcn': 'stgcn/stgcn_8xb16-joint-u100-80e_ntu60-xsub-keypoint-3d.py',
    'stgcnpp': 'stgcnpp/stgcnpp_8xb16-joint-u100-80e_ntu60-xsub-keypoint-3d.py',
    'aagcn': '2s-agcn/2s-agcn_8xb16-joint-u100-80e_ntu60-xsub-keypoint-3d.py',
}
GCN = dict(type='STGCN', graph_cfg=dict(layout='nturgb+d', mode='stgcn_spatial'), base_channels=4, num_stages=3,
           inflate_stages=[2], down_stages=[2])
TOKENS = dict(type='HiCoBackbone')
PREPROCESSOR = dict(type='SkeletonDataPreprocessor', test_views=[[dict(type='CenterCropResize', clip_len=8)]])


def stock_config(name):
    return Config.fromfile(f'{mmaction.__path__[0]}/.mim/configs/skeleton/{STOCK[name]}')


def graph_model(**changes):
    return MODELS.build(dict(
        type='HiCo', backbone=GCN, neck=dict(type='UDMNeck', channels=16, num_granularities=2, tokenizer=TOKENS),
        projector=dict(type='HierarchicalProjector', hidden_channels=16, out_channels=8),
        head=dict(type='HierarchicalContrastHead', queue_length=64), data_preprocessor=PREPROCESSOR, **changes))


def test_tokens_are_embeddings_of_frames_and_joints_of_the_maps():
    neck = graph_model().eval().neck
    maps = torch.randn(3, 2, 8, 4, 25)  # of 8 channels, and half of the frames
    features = neck(maps)
    temporal, spatial = neck.tokenizer.embeddings['temporal'], neck.tokenizer.embeddings['spatial']
    frames = [torch.cat([maps[n, m, :, t].t().flatten() for m in range(2)]) for n in range(3) for t in range(4)]
    joints = [maps[n, m, :, :, v].t().flatten() for n in range(3) for m in range(2) for v in range(25)]
    torch.testing.assert_close(features.clip, neck.pyramids['temporal'](temporal(torch.stack(frames)).view(3, 4, 16)))
    torch.testing.assert_close(features.part, neck.pyramids['spatial'](spatial(torch.stack(joints)).view(3, 50, 16)))


def test_a_branch_that_is_off_has_no_tokens():
    neck = MODELS.build(dict(type='UDMNeck', channels=16, branches=('spatial', ), tokenizer=dict(
        TOKENS, in_channels=5, clip_len=8)))
    features = neck(torch.randn(2, 2, 5, 8, 25))
    assert features.clip is None
    features.instance.sum().backward()
    assert all(p.grad is not None for p in neck.parameters())


@pytest.mark.parametrize('tokenizer, given, said', [
    (None, torch.zeros(1, 2, 5, 8, 25), 'returns maps, but the neck has no tokenizer'),
    (TOKENS, (torch.zeros(1, 8, 16), ) * 2, 'returns tokens, which need no tokenizer')])
def test_a_neck_for_another_backbone_is_refused(tokenizer, given, said):
    neck = MODELS.build(dict(type='UDMNeck', channels=16, tokenizer=tokenizer))
    with pytest.raises(ValueError, match=said):
        neck(given)


@pytest.mark.parametrize('backbone, layout', [(GCN, 'nw_ucla'), (dict(type='HiCoBackbone'), 'ntu')])
def test_a_backbone_without_maps_is_refused(backbone, layout):
    with pytest.raises(ValueError, match=r'does not return maps .*: its graph must have the [0-9]+ joints of layout'):
        MODELS.build(dict(
            type='SkeletonRecognizer', backbone=backbone, neck=dict(type='UDMNeck', tokenizer=TOKENS),
            data_preprocessor=dict(PREPROCESSOR, layout=layout)))


@pytest.mark.parametrize('name', sorted(STOCK))
@pytest.mark.parametrize('dataset', ['ntu60', 'pku1'])
def test_backbones_are_as_mmaction2_configures_them(name, dataset):
    stock = stock_config(name).model.backbone
    if name == 'aagcn':
        assert stock.pop('gcn_attention') is False  # which makes 2s-AGCN of it
    config = load_config(f'{CONFIGS}/hico_gru_{dataset}.py', [f'{CONFIGS}/graph/{name}.py'])
    assert config.model.backbone == stock


def test_a_pretrained_network_fits_mmaction2s_recognizer():
    model = MODELS.build(load_config(f'{CONFIGS}/hico_gru_ntu60.py', [f'{CONFIGS}/graph/stgcn.py']).model)
    with torch.no_grad():
        for parameter in model.backbone.parameters():
            parameter.add_(0.01 * torch.randn_like(parameter))
    recognizer = MODELS.build(stock_config('stgcn').model)
    missing = recognizer.load_state_dict(model.state_dict(), strict=False).missing_keys
    assert missing == ['cls_head.fc.weight', 'cls_head.fc.bias']
    clips = torch.randn(1, 1, 2, 16, 25, 3)
    with torch.no_grad():
        torch.testing.assert_close(recognizer.eval().extract_feat(clips)[0],
                                   model.eval().extract_feat(clips, stage='backbone')[0])


def test_batch_statistics_of_the_key_encoder_are_its_own():
    model = graph_model(norm_groups=1, momentum=0.5)
    model.loss(torch.randn(4, 2, 2, 8, 25, 3))
    twin = model.key_encoder.module.backbone.data_bn
    before, keys = twin.running_mean.clone(), torch.randn(4, 2, 8, 25, 3) + 3
    model.loss(torch.stack([torch.randn_like(keys), keys], 1))
    expected = 0.9 * before + 0.1 * keys.mean((0, 1, 2)).flatten()  # momentum of batch norm; its channels are (V, C)
    torch.testing.assert_close(twin.running_mean, expected)
    assert (model.backbone.data_bn.running_mean - expected).abs().min() > 0.1


def test_groups_are_normalised_by_themselves_and_stay_in_order():
    model = graph_model()
    clips = torch.randn(5, 2, 8, 25, 3)
    whole = in_groups(model.query_encoder, clips, 2)
    parts = [model.query_encoder(part) for part in (clips[:3], clips[3:])]
    for level, embedding in whole.items():
        torch.testing.assert_close(embedding, torch.cat([part[level] for part in parts]))
    assert len(in_groups(model.query_encoder, clips[:2], 8)['instance']) == 2
    with pytest.raises(ValueError, match='norm_groups must be an integer of at least 1, got 0'):
        graph_model(norm_groups=0)


def retrieval_of_empty_clips(monkeypatch, order=None):
    """How often the key of an empty clip, one in each of eight groups, is nearest to its query.

    The other clips of a group lie about a place of the group's own. An empty clip has nothing to be told apart by, but
    the statistics it was normalised with.
    """
    if order is not None:
        monkeypatch.setattr(BatchShuffle, 'draw', classmethod(lambda cls, size, device: cls(order)))
    groups, size = 8, 4
    model = graph_model(norm_groups=groups)
    clips = torch.randn(groups, 1, 1, 1, 25, 3) + 0.1 * torch.randn(groups, size, 2, 8, 25, 3)
    clips[:, 0] = 0
    clips = clips.flatten(0, 1)
    found = []
    with torch.no_grad():
        query = model._encode(model.query_encoder, clips)['instance'][::size]
        for _ in range(10):
            key = model._keys(clips)['instance'][::size]
            found.append((query @ key.t()).argmax(1) == torch.arange(groups))
    return float(torch.stack(found).float().mean())


def test_shuffling_closes_the_leak_of_batch_norm(monkeypatch):
    assert retrieval_of_empty_clips(monkeypatch) < 0.25  # by chance 0.125
    assert retrieval_of_empty_clips(monkeypatch, torch.arange(32)) > 0.9


def test_without_batch_norm_nothing_is_shuffled():
    model = MODELS.build(dict(
        type='HiCo', backbone=dict(type='HiCoBackbone', channels=16), neck=dict(type='UDMNeck'),
        projector=dict(type='HierarchicalProjector'), head=dict(type='HierarchicalContrastHead', queue_length=8)))
    state = torch.get_rng_state()
    model.loss(torch.randn(2, 2, 2, 64, 25, 3, generator=torch.Generator()))
    assert torch.equal(torch.get_rng_state(), state)


def test_clips_are_shuffled_over_the_ranks_and_come_back(tmp_path):
    on_two_ranks(shuffle_on, tmp_path)
    (first, first_back), (second, second_back) = (torch.load(tmp_path / f'{rank}.pth') for rank in range(2))
    everything = torch.cat([first, second]).flatten()
    assert torch.equal(everything.sort().values, torch.arange(16.)) and 0 < int((first >= 8).sum()) < 8
    assert torch.equal(torch.cat([first_back, second_back]).flatten(), 10 * torch.arange(16.))
