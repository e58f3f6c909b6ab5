import numpy as np
import pytest
import torch
from mmaction.registry import TRANSFORMS

from hico_mm.datasets.transforms import FitToBox, JointCorruption, OneOf, PoseShear, RandomRotation


@pytest.mark.parametrize('layout, joints, corrupted', [('ntu', 25, 15), ('nw_ucla', 20, 12), ('coco', 17, 10)])
def test_corruption_touches_60_percent_of_the_joints_of_both_persons(layout, joints, corrupted):
    transform = JointCorruption(layout)
    clips = torch.rand(40, 2, 8, joints, 3) + 1
    parameters = transform.draw(40)
    out = transform.apply(clips, parameters)
    touched = (out != clips).all(-1)
    assert (touched == touched[:, :1, :1]).all()  # throughout the clip, both persons alike
    assert (touched[:, 0, 0].sum(1) == corrupted).all()
    assert (touched[:, 0, 0] == parameters['joints']).all()
    zeroed = (parameters['matrix'] == 0).flatten(1).all(1)
    assert 8 < zeroed.sum() < 32  # with probability 1/2
    assert not out[zeroed][touched[zeroed]].any()
    n = int((~zeroed).nonzero()[0])
    v = int(parameters['joints'][n].nonzero()[0])
    torch.testing.assert_close(out[n, 1, 3, v], clips[n, 1, 3, v] @ parameters['matrix'][n])
    assert parameters['matrix'].abs().max() <= 1


@pytest.mark.parametrize('dtype', [torch.float32, torch.float64])
def test_corruption_equals_its_definition(dtype):
    transform, clips = JointCorruption(), torch.randn(6, 2, 5, 25, 3, dtype=dtype)
    parameters = transform.draw(6)
    for clip, out, joints, matrix in zip(clips, transform.apply(clips, parameters), *parameters.values()):
        for joint in range(25):
            expected = clip[:, :, joint] @ matrix.to(dtype) if joints[joint] else clip[:, :, joint]
            torch.testing.assert_close(out[:, :, joint], expected)


def test_shear_has_a_unit_diagonal_and_is_linear():
    transform = PoseShear()
    parameters = transform.draw(50)
    matrix = parameters['matrix']
    assert (matrix.diagonal(dim1=1, dim2=2) == 1).all() and matrix.abs().max() <= 1
    assert matrix[:, 0, 1].std() > 0.4  # uniform in [-1, 1] has 0.58
    clips = torch.randn(50, 2, 4, 25, 3)
    torch.testing.assert_close(transform.apply(clips, parameters), torch.einsum('nmtvc,ncd->nmtvd', clips, matrix))
    assert PoseShear(magnitude=0.5).draw(50)['matrix'].flatten(1)[:, 1:3].abs().max() <= 0.5


def test_rotation_turns_and_scales_within_its_bounds():
    matrix = RandomRotation((30, 20, 60), max_scale=0.2).draw(500)['matrix']
    scale = torch.linalg.det(matrix) ** (1 / 3)
    torch.testing.assert_close(matrix @ matrix.mT, scale[:, None, None] ** 2 * torch.eye(3).expand(500, 3, 3))
    assert 0.8 <= scale.min() < 0.83 and 1.17 < scale.max() <= 1.2
    turn = matrix / scale[:, None, None]
    # The product has the sine about y at (0, 2), and the other two angles in the rest of that row and column.
    angles = torch.stack([torch.atan2(-turn[:, 1, 2], turn[:, 2, 2]), turn[:, 0, 2].asin(),
                          torch.atan2(-turn[:, 0, 1], turn[:, 0, 0])], 1).rad2deg()
    bounds = torch.tensor([30., 20., 60.])
    assert (angles.abs() <= bounds + 1e-3).all() and (angles.abs().amax(0) > 0.95 * bounds).all()
    torch.testing.assert_close(angles.std(0), bounds / 3 ** 0.5, rtol=0.1, atol=0)  # uniform


def test_rotation_about_the_vertical_keeps_heights_and_treats_persons_alike():
    transform, clips = RandomRotation((0, 0, 90), max_scale=0), torch.randn(8, 2, 4, 25, 3)
    parameters = transform.draw(8)
    out = transform.apply(clips, parameters)
    torch.testing.assert_close(out[..., 2], clips[..., 2])
    torch.testing.assert_close(out.norm(dim=-1), clips.norm(dim=-1))
    torch.testing.assert_close(out, torch.einsum('nmtvc,ncd->nmtvd', clips, parameters['matrix']))
    assert (out - clips).abs().amax((1, 2, 3, 4)).min() > 0.01


@pytest.mark.parametrize('arguments, said', [
    (dict(in_channels=2), '3-D joints and three angles, got 2 coordinates'),
    (dict(max_angles=(30, 60)), 'three angles'),
    (dict(max_scale=1.5), r'max_scale must be in \[0, 1\)'),
])
def test_rotation_refuses(arguments, said):
    with pytest.raises(ValueError, match=said):
        RandomRotation(**arguments)


def test_values_for_a_seed():
    def draw(transform, n):
        return transform.draw(n, torch.Generator().manual_seed(0))

    assert draw(PoseShear(), 1)['matrix'][0].flatten().tolist() == pytest.approx(SHEAR_AT_SEED_0, abs=1e-4)
    corruption = draw(JointCorruption(), 2)
    assert corruption['joints'][0].nonzero().flatten().tolist() == CORRUPTED_AT_SEED_0
    assert corruption['matrix'][0, 0].tolist() == pytest.approx(MATRIX_AT_SEED_0, abs=1e-4)
    assert draw(RandomRotation(), 1)['matrix'][0].flatten().tolist() == pytest.approx(ROTATION_AT_SEED_0, abs=1e-4)
    choice = OneOf([dict(type='PoseShear'), dict(type='PoseShear')])
    assert draw(choice, 8)['choice'].tolist() == CHOICE_AT_SEED_0


SHEAR_AT_SEED_0 = [1.0, 0.5364, -0.823, -0.7359, 1.0, 0.2682, -0.0198, 0.7929, 1.0]
CORRUPTED_AT_SEED_0 = [0, 1, 2, 4, 6, 7, 8, 10, 12, 13, 14, 16, 17, 20, 23]
MATRIX_AT_SEED_0 = [0.3969, 0.1351, 0.6705]
ROTATION_AT_SEED_0 = [0.5334, 0.6220, -0.2364, -0.6467, 0.5559, 0.0032, 0.1564, 0.1773, 0.8194]
CHOICE_AT_SEED_0 = [0, 1, 0, 0, 0, 1, 0, 1]


def test_one_of_applies_exactly_one_with_its_probability():
    transform = OneOf([dict(type='JointCorruption'), dict(type='PoseShear')], layout='ntu')
    clips, parameters = torch.randn(400, 1, 4, 25, 3), transform.draw(400)
    out = transform.apply(clips, parameters)
    for i, choice in enumerate(parameters['choice'].tolist()):
        one = {key: value[i:i + 1] for key, value in parameters[str(choice)].items()}
        torch.testing.assert_close(out[i:i + 1], transform.transforms[choice].apply(clips[i:i + 1], one))
    assert 150 < parameters['choice'].sum() < 250
    always = OneOf([dict(type='JointCorruption'), dict(type='PoseShear')], prob=[0, 1], layout='ntu').draw(100)
    assert (always['choice'] == 1).all()
    with pytest.raises(ValueError, match='prob needs 1 numbers that sum to 1'):
        OneOf([dict(type='PoseShear')], prob=[0.5])


@pytest.mark.parametrize('config', [
    dict(type='JointCorruption'), dict(type='PoseShear'), dict(type='RandomRotation'), dict(type='FitToBox'),
    dict(type='OneOf', transforms=[dict(type='JointCorruption', layout='ntu'), dict(type='PoseShear')])])
def test_stock_pipeline_and_batch_give_the_same(config, monkeypatch):
    from hico_mm.datasets.transforms.base import select
    transform = TRANSFORMS.build(config)
    clips, parameters = torch.randn(4, 2, 5, 25, 3), transform.draw(4)
    batch = transform.apply(clips, parameters)
    for i in range(4):
        monkeypatch.setattr(transform, 'draw', lambda n, i=i: select(parameters, torch.tensor([i])))
        clip = transform(dict(keypoint=clips[i].numpy()))['keypoint']
        np.testing.assert_allclose(clip, batch[i].numpy(), atol=1e-6)


def test_fit_to_box_scales_each_axis_of_each_clip():
    clips = torch.randn(3, 2, 5, 25, 3) * torch.tensor([1.0, 5.0, 0.2]) + 7
    clips[:, 1] = 0  # an absent person
    clips[0, 0, 2, 3] = 0  # a lost joint
    out = FitToBox().apply(clips, {})
    torch.testing.assert_close(out.amin((1, 2, 3)), -torch.ones(3, 3))
    torch.testing.assert_close(out.amax((1, 2, 3)), torch.ones(3, 3))
    assert not out[:, 1].any() and not out[0, 0, 2, 3].any()
    moved = FitToBox().apply(torch.where(clips != 0, clips * 3 - 2, 0), {})
    torch.testing.assert_close(moved, out, atol=1e-4, rtol=0)


def test_fit_to_box_can_keep_the_proportions():
    clips = torch.randn(3, 1, 5, 25, 3) * torch.tensor([1.0, 5.0, 0.2]) + 7
    out = FitToBox(per_axis=False).apply(clips, {})
    torch.testing.assert_close(out[..., 1].amax((1, 2, 3)), torch.ones(3))
    ratio = (out - out.mean((2, 3), keepdim=True)) / (clips - clips.mean((2, 3), keepdim=True))
    torch.testing.assert_close(ratio, ratio[:, :1, :1, :1, :1].expand_as(ratio), atol=1e-3, rtol=0)


def test_fit_to_box_leaves_scores_alone():
    clips = torch.cat([torch.randn(3, 2, 5, 17, 2) * 9, torch.rand(3, 2, 5, 17, 1)], -1)
    for per_axis in True, False:
        out = FitToBox(per_axis, in_channels=2).apply(clips, {})
        torch.testing.assert_close(out[..., 2], clips[..., 2], rtol=0, atol=0)
        torch.testing.assert_close(out[..., :2], FitToBox(per_axis).apply(clips[..., :2], {}))


def test_fit_to_box_has_no_nan_for_clips_without_extent():
    clips = torch.zeros(2, 1, 4, 25, 3)
    clips[1, 0, :, :, :2] = torch.rand(4, 25, 2) + 1  # flat
    out = FitToBox().apply(clips, {})
    assert out.isfinite().all() and not out[0].any() and not out[1, ..., 2].any() and out[1].any()
