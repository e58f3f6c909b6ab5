"""Synthetic 2-D poses: the demo's bodies in a picture, as a pose estimator would find them."""

import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path
from typing import List, Optional

import numpy as np
from rich.progress import track

from ..converters.ntu_benchmarks import BENCHMARKS, make_splits
from ..fileio import dump_pickle
from ..processes import start_worker
from .motion import ACTIONS
from .recordings import CAMERAS, FACING, LIMBS, LOST, LOST_FOR, Take, drift, perform

IMG_SHAPE = (1080, 1920)
FOCAL = 1060  # in pixels
SIZES, PLACES = (.5, 1.2), (.2, .1)  # range of sizes of a body, and deviation of its place, as ratios of the picture
ERROR, ASTRAY, BLIND = 3.0, 80.0, 20.0  # of a joint that is seen, mistaken and hidden, in pixels
# COCO's joints as joints of a Kinect. Nose, eyes and ears are at the head, shifted by metres to the left and upwards.
JOINTS = (3, 3, 3, 3, 3, 4, 8, 5, 9, 6, 10, 12, 16, 13, 17, 14, 18)
FACE = ((0, 0), (.03, .04), (-.03, .04), (.07, .02), (-.07, .02))


def project(person: np.ndarray) -> np.ndarray:
    """Project a person (T, 25, 3), in metres from the camera with y up, to pixels (T, 17, 2) of COCO's joints."""
    points = person[:, JOINTS].copy()
    left = person[:, 4] - person[:, 8]
    left /= np.linalg.norm(left, axis=-1, keepdims=True)
    for joint, (aside, up) in enumerate(FACE):
        points[:, joint] += aside * left + (0, up, 0)
    x, y, z = np.moveaxis(points, -1, 0)
    return np.stack([IMG_SHAPE[1] / 2 + FOCAL * x / z, IMG_SHAPE[0] / 2 - FOCAL * y / z], -1)


def estimate(person: np.ndarray, rng: np.random.Generator) -> 'tuple[np.ndarray, np.ndarray]':
    """Return pixels (T, 17, 2) and scores (T, 17): hidden joints are guessed, and some are mistaken for something else.

    The score falls with the size of the error that is to be expected.
    """
    frames, pixels = len(person), project(person)
    hidden = np.zeros((frames, len(JOINTS)))
    for limb in LIMBS:
        depth = np.clip((person[:, limb, 2].mean(1) - person[:, 1, 2]) / .25, 0, 1)
        hidden[:, [joint in limb for joint in JOINTS]] = depth[:, None]
    size = (ERROR + BLIND * hidden)[..., None]
    pixels = pixels + size * drift(rng, frames, 2 * len(JOINTS), .2).reshape(pixels.shape)
    score = np.clip(.95 - .35 * hidden + .05 * rng.normal(size=hidden.shape), .05, 1)
    for joint in np.flatnonzero(rng.random(len(JOINTS)) < LOST):
        start = rng.integers(frames)
        span = slice(start, start + rng.integers(*LOST_FOR))
        pixels[span, joint] += rng.normal(0, ASTRAY, 2)
        score[span, joint] *= rng.uniform(.05, .5)
    return pixels, score


def record_2d(take: Take, seed: int) -> dict:
    """Return the annotation of a clip, in the form of MMAction2's 2-D pickles."""
    rng = np.random.default_rng([seed, *take, 2])
    poses, scores = zip(*(estimate(person, rng) for person in perform(take, seed, rng)))
    height, width = IMG_SHAPE
    middle = np.array([width, height]) / 2
    place = middle + rng.normal(0, PLACES) * (width, height)
    keypoint = place + (np.stack(poses) - middle) * rng.uniform(*SIZES)
    return dict(frame_dir=take.name, label=take.action - 1, total_frames=keypoint.shape[1], img_shape=IMG_SHAPE,
                original_shape=IMG_SHAPE, keypoint=keypoint.astype(np.float16),
                keypoint_score=np.stack(scores).astype(np.float16))


def make_poses_2d(out: Path, num_subjects: int = 12, seed: int = 0, workers: Optional[int] = None) -> int:
    """Write an annotation of 2-D poses, with the splits of NTU RGB+D 60, and return the number of clips.

    Args:
        out: The pickle to write.
        num_subjects: Number of subjects. Defaults to 12.
        seed: Random seed. Defaults to 0.
        workers: Number of processes. Defaults to the number of cores.
    """
    takes = [Take(*numbers) for numbers in product(
        range(1, 1 + len(CAMERAS)), range(1, 1 + num_subjects), range(1, 1 + len(FACING)), range(1, 1 + len(ACTIONS)))]
    with ProcessPoolExecutor(workers or os.cpu_count(), initializer=start_worker) as pool:
        results = pool.map(partial(record_2d, seed=seed), takes, chunksize=8)
        clips: List[dict] = list(track(results, 'recording', total=len(takes)))
    dump_pickle(dict(split=make_splits(clips, BENCHMARKS['ntu60']), annotations=clips, classes=list(ACTIONS)), out)
    return len(clips)
