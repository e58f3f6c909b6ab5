"""Synthetic long recordings in the text format of PKU-MMD: actions joined with pauses, and their true boundaries."""

import tempfile
from pathlib import Path
from typing import List, NamedTuple, Sequence

import numpy as np
from rich.progress import track

from ..converters.pku_skeleton import BODIES, ActionLabel
from .motion import ACTIONS, pose, rotation
from .recordings import CAMERAS, DISTANCE, FPS, HEIGHT, Style, acting, drift, sense, swaying

LENGTH, PAUSE = (40, 80), (30, 75)  # ranges of the frames of an action and of a pause
RAMP = 9  # frames in which a movement begins or ends
FIRST_SUBJECT = 2000  # the clips have subjects from 1, and partners below 1000
SENSED = 75  # frames after which the sensor loses other joints, as in a clip


class LongRecording(NamedTuple):
    """A recording of several actions, one after the other.

    Args:
        keypoint: (2, T, V, 3), in metres, with the camera at the origin and z pointing away. The second person is zero
            in frames where it is absent.
        labels: The true boundaries: action, first and last frame, all counted from 1; the last frame is included.
    """

    keypoint: np.ndarray
    labels: List[ActionLabel]


def join_actions(actions: Sequence[int], subject: int, camera: int = 1, seed: int = 0,
                 noise: float = .005) -> LongRecording:
    """Let a subject perform actions with pauses before, between and after them, without leaving the picture.

    Args:
        actions: Numbers of the actions, from 1, as in :data:`~hico_mm.demo.ACTIONS`.
        subject: Number of the subject, which has the same body and tempo as in the clips of the same seed.
        camera: Number of the camera, from 1. Defaults to 1.
        seed: Random seed. Defaults to 0.
        noise: Noise of a joint, in metres. Defaults to 0.005.
    """
    rng = np.random.default_rng([seed, subject, camera, *actions])
    labels, end = [], 0
    for action in actions:
        first = end + int(rng.integers(*PAUSE))
        end = first + int(rng.integers(*LENGTH))
        labels.append(ActionLabel(action, first + 1, end))
    frames = end + int(rng.integers(*PAUSE))
    style, partner = Style.of(seed, subject), Style.of(seed, int(rng.integers(1, 1000)))
    clock = rng.uniform(0, 2) + np.cumsum(style.tempo * (1 + .15 * drift(rng, frames, 1, 1.0)[:, 0])) / FPS
    turn = rotation('y', np.array([np.pi + np.deg2rad(CAMERAS[camera - 1] + rng.normal(0, 30))]))[0].T
    keypoint = np.zeros((BODIES, frames, *style.body.shape))
    for number, own in enumerate((style, partner)):
        person = _person(labels, number, own, rng, clock)
        if number == 1:  # face to face
            person = person @ rotation('y', np.array([np.pi]))[0].T + (0, 0, rng.uniform(.8, 1.1))
        keypoint[number] = _sensed(person @ turn + (0, -HEIGHT, DISTANCE), rng, noise)
    keypoint[1, ~_partner_there(labels, frames)] = 0
    return LongRecording(keypoint.astype(np.float32), labels)


def _person(labels: Sequence[ActionLabel], number: int, style: Style, rng: np.random.Generator,
            clock: np.ndarray) -> np.ndarray:
    """Return a person (T, V, 3) that sways all the time, and plays its role of each action in its frames."""
    sway, turns = swaying(rng, len(clock)), []
    for label in labels:
        roles = list(ACTIONS.values())[label.action - 1]
        if number < len(roles):
            turns += acting(roles[number], style, rng, clock, _strength(label, len(clock)))
    return pose(style.body, turns + sway)


def _strength(label: ActionLabel, frames: int) -> np.ndarray:
    """Return the strength (T,) of the movement of an action, from 0 to 1, which is only above 0 in its frames."""
    at = np.arange(1, frames + 1)
    return np.clip(np.minimum(at - label.first + 1, label.last + 1 - at) / RAMP, 0, 1)


def _sensed(person: np.ndarray, rng: np.random.Generator, noise: float) -> np.ndarray:
    return np.concatenate([sense(person[at:at + SENSED], rng, noise) for at in range(0, len(person), SENSED)])


def _partner_there(labels: Sequence[ActionLabel], frames: int) -> np.ndarray:
    """Return flags (T,) of the frames of the actions of two persons, with a few frames before and after."""
    there = np.zeros(frames, bool)
    for label in labels:
        if len(list(ACTIONS.values())[label.action - 1]) == BODIES:
            there[max(label.first - 1 - RAMP, 0):label.last + RAMP] = True
    return there


def make_long_recordings(out: Path, number: int, seed: int = 0, noise: float = .005) -> int:
    """Write a folder of long recordings of all actions in random order, and return the number of their actions.

    ``skeletons/NNNN-M.txt`` are the recordings and ``labels/NNNN-M.txt`` their true boundaries, as in PKU-MMD.

    Args:
        out: The folder, which must not exist. It is written completely or not at all.
        number: Number of recordings. Each has a subject of its own, who is not in the clips.
        seed: Random seed. Defaults to 0.
        noise: Noise of a joint, in metres. Defaults to 0.005.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f'.{out.name}.', dir=out.parent) as folder:
        whole = Path(folder) / 'whole'
        for part in ('skeletons', 'labels'):
            (whole / part).mkdir(parents=True)
        for i in track(range(1, 1 + number), 'recording', transient=True):
            name = f'{i:04}-M.txt'
            order = np.random.default_rng([seed, i]).permutation(np.arange(1, 1 + len(ACTIONS))).tolist()
            recording = join_actions(order, FIRST_SUBJECT + i, seed=seed, noise=noise)
            numbers = recording.keypoint.transpose(1, 0, 2, 3).reshape(recording.keypoint.shape[1], -1)
            np.savetxt(whole / 'skeletons' / name, numbers, fmt='%.6g')
            (whole / 'labels' / name).write_text(
                ''.join(f'{label.action},{label.first},{label.last},2\n' for label in recording.labels))
        whole.rename(out)
    return number * len(ACTIONS)
