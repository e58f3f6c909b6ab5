import numpy as np
import pytest

from hico_mm.cli import make_demo
from hico_mm.datasets import SkeletonDataset, load_plain_pickle
from hico_mm.demo import ACTIONS, motion
from hico_mm.demo.poses_2d import FOCAL, IMG_SHAPE, estimate, project


def test_the_pinhole_camera():
    person = motion.template()[None] + (0, -.9, 3.2)
    pixels = project(person)
    left_wrist = person[0, 6]
    assert pixels[0, 9].tolist() == pytest.approx([
        960 + FOCAL * left_wrist[0] / left_wrist[2], 540 - FOCAL * left_wrist[1] / left_wrist[2]])
    assert pixels[0, 0, 1] < pixels[0, 11, 1] < pixels[0, 15, 1]  # nose above hip above ankle
    assert (pixels[0, 1, 0] - pixels[0, 2, 0]) * (pixels[0, 5, 0] - pixels[0, 6, 0]) > 0  # eyes as shoulders


def test_low_scores_mean_large_errors():
    rng = np.random.default_rng(0)
    person = np.repeat(motion.template()[None] + (0, -.9, 3.2), 200, axis=0)
    found = [estimate(person, rng) for _ in range(10)]
    errors = np.stack([np.linalg.norm(pixels - project(person), axis=-1) for pixels, _ in found])
    scores = np.stack([score for _, score in found])
    assert scores.min() > 0 and scores.max() <= 1
    assert errors[scores < .5].mean() > 5 * errors[scores > .7].mean()


def test_an_annotation_as_mmaction2_has_it(tmp_path, command):
    out = tmp_path / 'a.pkl'
    status, printed, _ = command(make_demo.main, '--poses-2d', '--out', out, '--num-subjects', 3, '--workers', 1)
    assert status == 0 and '180 clips of 3 subjects' in printed
    content = load_plain_pickle(out)
    clip = content['annotations'][0]
    assert content['classes'] == list(ACTIONS) and clip['img_shape'] == clip['original_shape'] == IMG_SHAPE
    assert clip['keypoint'].dtype == clip['keypoint_score'].dtype == np.float16
    assert clip['keypoint'].shape[:3] == clip['keypoint_score'].shape and clip['keypoint'].shape[2:] == (17, 2)
    assert len(SkeletonDataset(str(out), split='xsub_train', layout='coco', load_pipeline=[])) == 120
    for options in (['--long', '2'], ['--by-class']):
        with pytest.raises(SystemExit):
            make_demo.main(['--poses-2d', '--out', str(tmp_path / 'b.pkl'), *options])
