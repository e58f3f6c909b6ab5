"""Synthetic demo data: recordings in the text format of NTU RGB+D.

There are ten actions, two of them with two persons, which differ more in the motion of joints than in their positions.
Each of the twelve subjects has different proportions, tempo and vigour. Cameras are placed as in NTU: one in the middle
and one at 45 degrees on each side. Subjects face one side in their first performance and the other in their second, and
each clip is a separate performance. The sensor is noisy: joints jitter, some are mistaken for something else and stay
wrong for long, limbs hidden by the body are guessed, frames are dropped, and furniture is mistaken for a body.
"""

import os
import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import product
from pathlib import Path
from typing import List, NamedTuple, Optional, Tuple

import numpy as np
from rich.progress import track

from ..processes import start_worker
from .motion import ACTIONS, Turn, pose, rotation, template

FPS = 30
CAMERAS = (0.0, 45.0, -45.0)  # degrees: directions of cameras 1, 2, 3,
FACING = (45.0, -45.0)  # and directions that the subjects face in replications 1, 2
DISTANCE, HEIGHT = 3.2, 0.9  # of the camera, metres
POSTURE, SWAY = .05, .03  # deviation of the posture of a performance, sway of the body; radians
HIDDEN = .01  # error of a hidden limb, metres
LOST, ASTRAY, LOST_FOR = .2, .7, (40, 150)  # ratio of lost joints, their error, range of frames
SWAYING = (1, 20, 2, 4, 5, 8, 9, 12, 13, 16, 17)
Angles = List[Tuple[int, str, np.ndarray]]  # joint, axis, angles (T,) in radians
LIMBS = ((4, 5, 6, 7, 21, 22), (8, 9, 10, 11, 23, 24), (12, 13, 14, 15), (16, 17, 18, 19))


class Take(NamedTuple):
    """The camera, subject, replication and action of a clip, numbered from 1, as in NTU's names."""

    camera: int
    subject: int
    replication: int
    action: int

    @property
    def name(self) -> str:
        """Return the name of the clip."""
        return f'S001C{self.camera:03}P{self.subject:03}R{self.replication:03}A{self.action:03}'


class Style(NamedTuple):
    """The individual properties of a subject."""

    body: np.ndarray
    tempo: float
    vigour: float

    @classmethod
    def of(cls, seed: int, subject: int) -> 'Style':
        """Return the style of a subject."""
        rng = np.random.default_rng([seed, subject])
        return cls(template() * rng.uniform(.85, 1.15, 3), rng.uniform(.75, 1.3), rng.uniform(.75, 1.25))


def drift(rng: np.random.Generator, frames: int, size: int, seconds: float) -> np.ndarray:
    """Return smooth noise (frames, size) of standard deviation at most 1 with a time scale given in seconds."""
    at = np.arange(frames) / (FPS * seconds)
    knots = rng.normal(size=(int(at[-1]) + 2, size))
    below, weight = at.astype(int), (at % 1)[:, None]
    return knots[below] * (1 - weight) + knots[below + 1] * weight


def swaying(rng: np.random.Generator, frames: int) -> Angles:
    """Return the angles of a standing person that sways."""
    return [(joint, axis, rng.normal(0, .6 * POSTURE) + SWAY * drift(rng, frames, 1, .8)[:, 0])
            for joint in SWAYING for axis in 'xz']


def acting(turns: List[Turn], style: Style, rng: np.random.Generator, clock: np.ndarray,
           strength: np.ndarray) -> Angles:
    """Return the angles of an action that a subject performs with a strength (T,) from 0 to 1."""
    angles = []
    for turn in turns:
        swing = turn.swing * style.vigour * rng.uniform(.8, 1.2)
        own = turn._replace(rest=turn.rest + rng.normal(0, POSTURE), swing=swing)
        angles.append((own.joint, own.axis, strength * own.angle(clock)))
    return angles


def act(turns: List[Turn], style: Style, rng: np.random.Generator, clock: np.ndarray) -> np.ndarray:
    """Return a person (T, V, 3), in metres, facing +z, who sways and performs ``turns`` for most of the clip."""
    frames = len(clock)
    start, end = rng.uniform(0, .2) * frames, rng.uniform(.8, 1) * frames
    strength = np.clip(np.minimum(np.arange(frames) - start, end - np.arange(frames)) / (.3 * FPS), 0, 1)
    sway = swaying(rng, frames)
    return pose(style.body, acting(turns, style, rng, clock, strength) + sway)


def perform(take: Take, seed: int, rng: np.random.Generator) -> List[np.ndarray]:
    """Return the persons of a take, each (T, V, 3), in metres, with the camera at the origin and z pointing away."""
    frames = int(rng.integers(50, 100))
    style = Style.of(seed, take.subject)
    tempo = style.tempo * (1 + .15 * drift(rng, frames, 1, 1.0)[:, 0])
    clock = rng.uniform(0, 2) + np.cumsum(tempo) / FPS
    roles = list(ACTIONS.values())[take.action - 1]
    angle = np.deg2rad(CAMERAS[take.camera - 1] - FACING[take.replication - 1] + rng.normal(0, 10))
    apart, persons = rng.uniform(.8, 1.1), []
    for number, turns in enumerate(roles):
        own = style if number == 0 else Style.of(seed, int(rng.integers(1, 1000)))
        person = act(turns, own, rng, clock)
        if number == 1:  # face to face
            person = person @ rotation('y', np.array([np.pi]))[0].T + (0, 0, apart)
        person = person @ rotation('y', np.array([np.pi + angle]))[0].T
        persons.append(person + (rng.normal(0, .05), -HEIGHT, DISTANCE))
    return persons


def sense(person: np.ndarray, rng: np.random.Generator, noise: float) -> np.ndarray:
    """Simulate the sensor for a person (T, V, 3): it adds noise, guesses hidden limbs, and loses joints."""
    frames, joints = person.shape[:2]
    seen = person + rng.normal(0, noise, person.shape)
    for limb in LIMBS:  # the farther a limb is behind the trunk, the greater its error
        hidden = np.clip((person[:, limb, 2].mean(1) - person[:, 1, 2]) / .25, 0, 1)
        wrong = hidden[:, None] * drift(rng, frames, 3, .3) * HIDDEN
        seen[:, limb] += wrong[:, None]
    for joint in np.flatnonzero(rng.random(joints) < LOST):  # it is mistaken for something else
        start = rng.integers(frames)
        seen[start:start + rng.integers(*LOST_FOR), joint] += rng.normal(0, ASTRAY, 3)
    return seen


def record(take: Take, seed: int, noise: float) -> Tuple[np.ndarray, np.ndarray]:
    """Return the bodies (P, T, V, 3) of a recording, and flags (P, T) of the frames in which each is present."""
    rng = np.random.default_rng([seed, *take])
    persons = perform(take, seed, rng)
    frames = len(persons[0])
    bodies = [sense(person, rng, noise) for person in persons]
    there = np.ones((len(persons) + 1, frames), bool)
    if rng.random() < .3:  # frames are dropped
        start = rng.integers(frames)
        there[:, start:start + rng.integers(1, 8)] = False
    start = rng.integers(frames)  # a piece of furniture is mistaken for a body
    there[-1, :start], there[-1, start + rng.integers(5, 40):] = False, False
    there[-1] &= rng.random() < .1
    bodies.append(.3 * template() + (rng.uniform(-1, 1), -.5, 3.5) + rng.normal(0, noise, persons[0].shape))
    return np.stack(bodies), there & (rng.random() > .005)  # and a few recordings show nobody at all


def to_text(bodies: np.ndarray, there: np.ndarray, first_id: int) -> str:
    """Format a recording as a `.skeleton` file, see :mod:`hico_mm.converters.ntu_skeleton`."""
    x, y, z = np.moveaxis(bodies, -1, 0)
    zero = np.zeros_like(x)
    # Then pixels in the depth and color images (pinhole camera), orientations (not simulated), and state 2, tracked.
    fields = np.stack([x, y, z, 256 + 366 * x / z, 212 - 366 * y / z, 960 + 1060 * x / z, 540 - 1060 * y / z,
                       zero, zero, zero, zero, zero + 2], -1)
    joint = ' '.join(['%.7g'] * fields.shape[-1]) + '\r\n'
    lines = [f'{there.shape[1]}\r\n']
    for frame in range(there.shape[1]):
        present = np.flatnonzero(there[:, frame])
        lines.append(f'{len(present)}\r\n')
        for body in present:
            lines.append(f'{first_id + body} 0 1 1 1 1 0 0 0 2\r\n{bodies.shape[2]}\r\n')
            lines.append(joint * bodies.shape[2] % tuple(fields[body, frame].ravel()))
    return ''.join(lines)


def write(take: Take, folder: Path, seed: int, noise: float) -> bool:
    """Write the file of a take and return whether anybody is visible in it."""
    bodies, there = record(take, seed, noise)
    first_id = 72057594037900000 + int(np.random.default_rng([seed, *take]).integers(90000))
    (folder / f'{take.name}.skeleton').write_bytes(to_text(bodies, there, first_id).encode())
    return bool(there.any())


def make_recordings(out: Path, num_subjects: int = 12, seed: int = 0, noise: float = .005,
                    workers: Optional[int] = None, by_class: bool = False) -> int:
    """Write a folder of recordings, completely or not at all, and return their number.

    Its file ``missing.txt`` lists the clips in which nobody is visible, like the list of NTU's authors, and
    ``classes.txt`` the names of the actions.

    Args:
        out: The folder, which must not exist.
        num_subjects: Number of subjects. Defaults to 12.
        seed: Random seed. Defaults to 0.
        noise: Noise of a joint, in metres. Defaults to 0.005.
        workers: Number of processes. Defaults to the number of cores.
        by_class: Whether each action has a folder of its own. Defaults to False.
    """
    takes = [Take(*numbers) for numbers in product(
        range(1, 1 + len(CAMERAS)), range(1, 1 + num_subjects), range(1, 1 + len(FACING)), range(1, 1 + len(ACTIONS)))]
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f'.{out.name}.', dir=out.parent) as folder, \
            ProcessPoolExecutor(workers or os.cpu_count(), initializer=start_worker) as pool:
        whole = Path(folder) / 'whole'
        whole.mkdir()
        results = pool.map(partial(write, folder=whole, seed=seed, noise=noise), takes, chunksize=8)
        seen = list(track(results, 'recording', total=len(takes)))
        missing = [take.name for take, anybody in zip(takes, seen) if not anybody]
        if by_class:
            _sort(whole, takes)
        (whole / 'missing.txt').write_text('\n'.join(['clips without a skeleton:', *missing, '']))
        (whole / 'classes.txt').write_text('\n'.join([*ACTIONS, '']))
        whole.rename(out)
    return len(takes)


def _sort(folder: Path, takes: List[Take]) -> None:
    """Move the recordings into a folder for each action."""
    for take in takes:
        action = folder / list(ACTIONS)[take.action - 1]
        action.mkdir(exist_ok=True)
        (folder / f'{take.name}.skeleton').rename(action / f'{take.name}.skeleton')
