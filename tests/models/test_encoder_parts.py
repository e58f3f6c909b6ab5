import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from torch import nn

from hico_mm.datasets.transforms import CenterCropResize, JointCorruption, PoseFlip, TemporalCropResize
from hico_mm.errors import UserError
from hico_mm.models import HiCoBackbone, SkeletonDataPreprocessor
from hico_mm.models.encoders import GRUEncoder, TransformerEncoder
from hico_mm.models.encoders.dropout import Dropout
from hico_mm.models.heads import KNNHead
from hico_mm.models.necks import UDM
from hico_mm.structures import HierarchicalFeatures

ENCODERS = ('GRUEncoder', 'LSTMEncoder', 'TransformerEncoder')


def test_tokens_are_frames_and_joint_trajectories():
    backbone = MODELS.build(dict(type='HiCoBackbone', layout='nw_ucla', num_persons=2, clip_len=6, channels=16))
    clips = torch.randn(3, 2, 6, 20, 3)
    temporal, spatial = backbone(clips)
    assert temporal.shape == (3, 6, 16) and spatial.shape == (3, 40, 16)
    frame = torch.cat([clips[1, 0, 4].flatten(), clips[1, 1, 4].flatten()])
    torch.testing.assert_close(temporal[1, 4], backbone.embeddings['temporal'](frame))
    torch.testing.assert_close(spatial[1, 20 + 7], backbone.embeddings['spatial'](clips[1, 1, :, 7].flatten()))


def test_embedding_with_and_without_norm():
    released = MODELS.build(dict(type='HiCoBackbone', channels=8)).embeddings['temporal']
    paper = MODELS.build(dict(type='HiCoBackbone', channels=8, norm=False)).embeddings['temporal']
    assert [type(m).__name__ for m in released] == ['Linear', 'LayerNorm', 'ReLU', 'Linear']
    x = torch.randn(4, 150)
    torch.testing.assert_close(paper(x), paper[3](F.relu(paper[0](x))))


def test_wrong_clips_get_one_sentence():
    backbone = MODELS.build(dict(type='HiCoBackbone', channels=8))
    with pytest.raises(ValueError, match=r'\(M, T, V, C\) = \(2, 64, 25, 3\), got \(1, 2, 64, 20, 3\)'):
        backbone(torch.zeros(1, 2, 64, 20, 3))


@pytest.mark.parametrize('depthwise, norm_first', [(True, True), (False, False)])
def test_udm_equals_its_equation(depthwise, norm_first):
    udm = UDM(6, depthwise=depthwise, norm_first=norm_first)
    assert udm.conv.weight.shape == ((6, 1, 5) if depthwise else (6, 6, 5))
    x = torch.randn(2, 9, 6)
    padded, weight = F.pad(x, (0, 0, 2, 2)), udm.conv.weight
    if depthwise:
        y = sum(padded[:, i:i + 9] * weight[:, 0, i] for i in range(5)) + udm.conv.bias
    else:
        y = sum(padded[:, i:i + 9] @ weight[:, :, i].t() for i in range(5)) + udm.conv.bias
    y = F.relu(udm.norm(y)) if norm_first else udm.norm(F.relu(y))
    torch.testing.assert_close(udm(x), torch.maximum(y[:, 0:8:2], y[:, 1:8:2]))


@pytest.mark.parametrize('encoder', ENCODERS)
def test_pyramid_shares_udm_and_encoder(encoder):
    neck = MODELS.build(dict(type='UDMNeck', channels=16, encoder=dict(type=encoder))).eval()
    tokens = torch.randn(2, 64, 16), torch.randn(2, 50, 16)
    features = neck(tokens)
    for branch, x, result in zip(('temporal', 'spatial'), tokens, (features.clip, features.part)):
        pyramid = neck.pyramids[branch]
        for level in range(4):
            torch.testing.assert_close(result[:, level], pyramid.encoder(x).amax(1))
            x = pyramid.udm(x)
        assert x.shape[1] == (4 if branch == 'temporal' else 3)
    with pytest.raises(ValueError, match='7 tokens cannot be halved 3 times'):
        neck((torch.randn(1, 7, 16), torch.randn(1, 50, 16)))


@pytest.mark.parametrize('encoder', ENCODERS)
def test_encoders_are_torchs_own(encoder):
    ours = MODELS.build(dict(type=encoder, channels=16)).eval()
    theirs = dict(
        GRUEncoder=lambda: nn.GRU(16, 8, bidirectional=True, batch_first=True),
        LSTMEncoder=lambda: nn.LSTM(16, 8, bidirectional=True, batch_first=True),
        TransformerEncoder=lambda: nn.TransformerEncoder(
            nn.TransformerEncoderLayer(16, 4, 16, 0.1, batch_first=True), 1, enable_nested_tensor=False))[encoder]()
    inner = next(ours.children())
    theirs.load_state_dict(inner.state_dict())
    x = torch.randn(3, 5, 16)
    expected = theirs.eval()(x)
    torch.testing.assert_close(ours(x), expected[0] if isinstance(expected, tuple) else expected)


@pytest.mark.parametrize('encoder', ['GRUEncoder', 'LSTMEncoder'])
@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_one_recurrent_call_for_all_sequences_equals_a_call_each(encoder, dtype):
    module = MODELS.build(dict(type=encoder, channels=8, num_layers=2)).to(dtype)
    sequences = [torch.randn(3, length, 8, dtype=dtype, requires_grad=True) for length in (9, 4, 4, 1)]
    weights = [torch.randn_like(x) for x in sequences]

    def gradients(encoded):
        total = sum((y.amax(1) * w.amax(1)).sum() for y, w in zip(encoded, weights))
        return torch.autograd.grad(total, [*sequences, *module.parameters()])

    plain, packed = [module(x) for x in sequences], module.encode_packed(sequences)
    for ours, theirs in zip(packed + list(gradients(packed)), plain + list(gradients(plain))):
        torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-6 if dtype == torch.float32 else 1e-12)


def test_the_pyramid_is_encoded_at_once_where_the_encoder_can():
    neck = MODELS.build(dict(type='UDMNeck', channels=8, num_granularities=3))
    tokens = torch.randn(2, 9, 8), torch.randn(2, 12, 8)
    expected = neck(tokens)
    for pyramid in neck.pyramids.values():
        pyramid.encoder.encode_all = pyramid.encoder.encode_packed
    torch.testing.assert_close(neck(tokens).instance, expected.instance)


def test_matrices_are_xavier_uniform_and_biases_torchs():
    encoder = MODELS.build(dict(type='GRUEncoder', channels=64))
    for weight in (encoder.rnn.weight_ih_l0, encoder.rnn.weight_hh_l0):
        bound = (6 / sum(weight.shape)) ** 0.5
        assert 0.99 * bound < weight.abs().max() <= bound
        assert weight.std().item() == pytest.approx(bound / 3 ** 0.5, rel=0.05)
    assert encoder.rnn.bias_ih_l0.abs().max() <= 32 ** -0.5


@pytest.mark.parametrize('granularities', [1, 2, 3])
def test_fewer_granularities_leave_no_parameter_without_gradient(granularities):
    neck = MODELS.build(dict(type='UDMNeck', channels=8, num_granularities=granularities))
    features = neck((torch.randn(2, 16, 8), torch.randn(2, 12, 8)))
    assert features.clip.shape == (2, granularities, 8)
    features.instance.sum().backward()
    assert all(parameter.grad is not None for parameter in neck.parameters())


def test_one_branch_builds_nothing_of_the_other():
    one = dict(branches=('spatial', ))
    backbone = MODELS.build(dict(type='HiCoBackbone', channels=8, clip_len=8, **one))
    neck = MODELS.build(dict(type='UDMNeck', channels=8, **one))
    projector = MODELS.build(dict(type='HierarchicalProjector', in_channels=8, levels=('instance', ), **one))
    names = [name for part in (backbone, neck, projector) for name, _ in part.named_parameters()]
    assert not any('temporal' in name for name in names)
    features = neck(backbone(torch.randn(3, 2, 8, 25, 3)))
    assert features.clip is None and projector(features)['instance'].shape == (3, 128)
    with pytest.raises(ValueError, match='returns no temporal tokens'):
        MODELS.build(dict(type='UDMNeck', channels=8))((None, torch.randn(1, 50, 8)))
    with pytest.raises(ValueError, match=r"levels \['clip'\] need a branch that is switched off"):
        MODELS.build(dict(type='HierarchicalProjector', levels=('clip', 'instance'), **one))


def test_projector_projects_every_level_to_unit_length():
    projector = MODELS.build(dict(type='HierarchicalProjector', in_channels=8, hidden_channels=6, out_channels=5))
    features = HierarchicalFeatures(torch.randn(3, 4, 8), torch.randn(3, 4, 8))
    projected = projector(features)
    for level, x in projected.items():
        mlp = projector.mlps[level]
        expected = F.relu(features.level(level) @ mlp[0].weight.t() + mlp[0].bias) @ mlp[2].weight.t() + mlp[2].bias
        torch.testing.assert_close(x, expected / expected.norm(dim=-1, keepdim=True))
    assert projected['clip'].shape == (3, 4, 5) and projected['instance'].shape == (3, 5)


@pytest.mark.parametrize('p', [0.1, 0.5])
def test_dropout_has_its_probability_mean_and_gradient(p):
    x = torch.ones(211, 997, requires_grad=True)  # not a multiple of four
    dropout = Dropout(p)
    y = dropout(x)
    y.sum().backward()
    dropped = (y == 0).float().flatten()
    assert abs(float(dropped.mean()) - p) < 0.005 and abs(float(y.mean()) - 1) < 0.01
    assert all(abs(float(dropped[place::4].mean()) - p) < 0.01 for place in range(4))  # shares of a random number
    torch.testing.assert_close(x.grad, y.detach())
    torch.testing.assert_close(y[y != 0], torch.full_like(y[y != 0], 1 / (1 - p)), rtol=1e-4, atol=0)
    assert not torch.equal(dropout(x), y)
    assert torch.equal(dropout.eval()(x), x)
    assert torch.equal(Dropout(0.0)(x), x) and not Dropout(1.0)(x).any()


@pytest.mark.parametrize('build, said', [
    (lambda: UDM(8, kernel_size=4), 'udm.kernel_size must be odd, got 4'),
    (lambda: HiCoBackbone(channels=0), 'backbone.channels must be an integer of at least 1'),
    (lambda: HiCoBackbone(clip_len=-8), 'backbone.clip_len must be an integer of at least 1'),
    (lambda: HiCoBackbone(branches='temporal'), "branches must be one or more of .*, got 'temporal'"),
    (lambda: HiCoBackbone(layout=5), '5 is not a skeleton layout'),
    (lambda: GRUEncoder(8, num_layers=0), 'num_layers must be an integer of at least 1'),
    (lambda: TransformerEncoder(8, num_heads=0), 'num_heads of the encoder must be an integer of at least 1'),
    (lambda: TransformerEncoder(8, dropout=1.5), 'dropout of the encoder must be a finite number'),
    (lambda: KNNHead(3, chunk=0), 'chunk must be an integer of at least 1'),
    (lambda: JointCorruption(ratio=60), 'JointCorruption.ratio must be .* at most 1, got 60'),
    (lambda: PoseFlip(prob=50), 'PoseFlip.prob must be .* at most 1, got 50'),
    (lambda: TemporalCropResize(ratio=0.5), 'ratio of TemporalCropResize must be two numbers'),
    (lambda: CenterCropResize(clip_len=-8), 'clip_len must be an integer of at least 1'),
    (lambda: SkeletonDataPreprocessor(test_views=[]), 'data_preprocessor.test_views is empty'),
    (lambda: KNNHead(3).loss(None, []), 'KNNHead has no weights to train')])
def test_values_that_cannot_be_are_refused(build, said):
    with pytest.raises(UserError, match=said):
        build()
