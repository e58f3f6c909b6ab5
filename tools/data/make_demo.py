"""Make a small data set of moving bodies, in MMAction2's skeleton annotation, to try things on.

    python tools/data/make_demo.py --out data/demo/demo.pkl

Eight actions that differ in how joints turn over time, subjects of their own proportions and tempo, three cameras,
sensor noise. Splits: ``xsub_train`` and ``xsub_val`` (subjects from two thirds on), ``xview_train`` and ``xview_val``
(the third camera).
"""

import argparse
from pathlib import Path
from typing import Dict, List, NamedTuple

import numpy as np
from rich.progress import track

from hico_mm.structures import get_layout
from hico_mm.utils import dump_pickle

LEFT = {4: (-.18, .48, 0), 5: (-.20, .22, 0), 6: (-.20, -.02, 0), 7: (-.20, -.10, 0), 21: (-.20, -.17, 0),
        22: (-.17, -.10, .04), 12: (-.10, -.02, 0), 13: (-.10, -.42, 0), 14: (-.10, -.82, 0), 15: (-.10, -.88, .10)}
RIGHT_OF = {4: 8, 5: 9, 6: 10, 7: 11, 21: 23, 22: 24, 12: 16, 13: 17, 14: 18, 15: 19}
TRUNK = {0: (0, 0, 0), 1: (0, .25, 0), 20: (0, .50, 0), 2: (0, .58, 0), 3: (0, .72, 0)}
CAMERAS = np.deg2rad([-45.0, 0.0, 45.0])


class Turn(NamedTuple):
    """A joint that turns: angle(t) = rest + swing * sin(2 pi * (rate * t + phase)), radians, t in seconds."""

    joint: int
    axis: str
    rest: float
    swing: float
    rate: float
    phase: float = 0.0


ACTIONS: Dict[str, List[Turn]] = {
    'wave': [Turn(8, 'z', 2.2, 0.1, 0.5), Turn(9, 'z', 0.4, 0.7, 1.6)],
    'punch': [Turn(8, 'x', -1.0, 0.5, 1.2), Turn(9, 'x', -1.0, 0.9, 1.2, 0.5)],
    'clap': [Turn(4, 'x', -1.2, 0.1, 1.5), Turn(8, 'x', -1.2, 0.1, 1.5),
             Turn(4, 'y', -0.4, 0.5, 1.5), Turn(8, 'y', 0.4, 0.5, 1.5, 0.5)],
    'kick': [Turn(16, 'x', -0.5, 0.7, 0.8), Turn(17, 'x', 0.4, 0.5, 0.8, 0.3)],
    'squat': [Turn(12, 'x', -0.6, 0.6, 0.6), Turn(16, 'x', -0.6, 0.6, 0.6), Turn(13, 'x', 0.8, 0.8, 0.6),
              Turn(17, 'x', 0.8, 0.8, 0.6)],
    'march': [Turn(12, 'x', -0.3, 0.6, 1.0), Turn(16, 'x', -0.3, 0.6, 1.0, 0.5), Turn(4, 'x', 0, 0.5, 1.0, 0.5),
              Turn(8, 'x', 0, 0.5, 1.0)],
    'flap': [Turn(4, 'z', -0.9, 0.8, 1.0), Turn(8, 'z', 0.9, 0.8, 1.0, 0.5)],
    'nod': [Turn(20, 'x', 0.1, 0.15, 1.2), Turn(2, 'x', 0.2, 0.5, 1.2)],
}


def template() -> np.ndarray:
    """A standing body, (25, 3), metres, y upwards."""
    body = np.zeros((get_layout('ntu').num_joints, 3))
    for joint, place in {**TRUNK, **LEFT}.items():
        body[joint] = place
        if joint in RIGHT_OF:
            body[RIGHT_OF[joint]] = np.array(place) * (-1, 1, 1)
    return body


def rotation(axis: str, angle: np.ndarray) -> np.ndarray:
    """Rotations (T, 3, 3) about an axis by angles (T,), radians."""
    i, j = {'x': (1, 2), 'y': (2, 0), 'z': (0, 1)}[axis]
    turn = np.tile(np.eye(3), (len(angle), 1, 1))
    turn[:, i, i] = turn[:, j, j] = np.cos(angle)
    turn[:, j, i] = np.sin(angle)
    turn[:, i, j] = -turn[:, j, i]
    return turn


def pose(body: np.ndarray, turns: List[Turn], seconds: np.ndarray) -> np.ndarray:
    """Forward kinematics: body (V, 3) with joints turned over time (T,) -> (T, V, 3)."""
    parents = get_layout('ntu').parents
    frames = len(seconds)
    local = np.tile(np.eye(3), (len(body), frames, 1, 1))
    for turn in turns:
        angle = turn.rest + turn.swing * np.sin(2 * np.pi * (turn.rate * seconds + turn.phase))
        local[turn.joint] = local[turn.joint] @ rotation(turn.axis, angle)
    place, turned = np.zeros((frames, len(body), 3)), np.zeros((len(body), frames, 3, 3))
    done: List[int] = []
    while len(done) < len(body):
        for joint, parent in enumerate(parents):
            if joint in done or (parent != joint and parent not in done):
                continue
            root = parent == joint
            turned[joint] = local[joint] if root else turned[parent] @ local[joint]
            place[:, joint] = body[joint] if root else place[:, parent] + turned[parent] @ (body[joint] - body[parent])
            done.append(joint)
    return place


def make_clip(action: int, subject: int, camera: int, repeat: int, seed: int, noise: float) -> dict:
    """One clip, drawn from its numbers and the seed alone."""
    style = np.random.default_rng([seed, subject])
    size, tempo, vigour = style.uniform(.85, 1.15, 3), style.uniform(.75, 1.3), style.uniform(.7, 1.2)
    rng = np.random.default_rng([seed, subject, action, camera, repeat])
    seconds = np.arange(rng.integers(45, 110)) / 30 * tempo + rng.uniform(0, 2)
    turns = [turn._replace(rest=turn.rest + rng.normal(0, .35), swing=turn.swing * vigour * rng.uniform(.8, 1.2))
             for turn in list(ACTIONS.values())[action]]
    sway = [Turn(joint, axis, rng.normal(0, .2), rng.uniform(0, .25), rng.uniform(.2, .8), rng.uniform())
            for joint in (1, 2, 4, 5, 8, 9, 12, 16) for axis in 'xz']
    body = pose(template() * size, turns + sway, seconds)
    view = CAMERAS[camera] + rng.normal(0, .15)
    body = body @ rotation('y', np.array([view]))[0].T + (rng.normal(0, .3), 0, 3)
    keypoint = (body + rng.normal(0, noise, body.shape))[None].astype(np.float32)
    name = f'C{camera + 1:03}P{subject + 1:03}R{repeat + 1:03}A{action + 1:03}'
    return dict(frame_dir=name, label=action, total_frames=keypoint.shape[1], keypoint=keypoint)


def make_demo(num_subjects: int = 12, repeats: int = 2, seed: int = 0, noise: float = .04) -> dict:
    """The annotation: 8 actions x subjects x 3 cameras x repeats; noise in metres."""
    numbers = [(action, subject, camera, repeat) for subject in range(num_subjects) for action in range(len(ACTIONS))
               for camera in range(len(CAMERAS)) for repeat in range(repeats)]
    clips = [make_clip(*number, seed, noise) for number in track(numbers, 'making clips')]
    split: Dict[str, List[str]] = {name: [] for name in ('xsub_train', 'xsub_val', 'xview_train', 'xview_val')}
    for (_, subject, camera, _), clip in zip(numbers, clips):
        split['xsub_val' if subject >= num_subjects * 2 // 3 else 'xsub_train'].append(clip['frame_dir'])
        split['xview_val' if camera == len(CAMERAS) - 1 else 'xview_train'].append(clip['frame_dir'])
    return dict(split=split, annotations=clips)


def main() -> None:
    """Make the data set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', type=Path, required=True, help='annotation pickle to write')
    parser.add_argument('--num-subjects', type=int, default=12)
    parser.add_argument('--repeats', type=int, default=2)
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument('--noise', type=float, default=.04, help='sensor noise, metres')
    args = parser.parse_args()
    demo = make_demo(args.num_subjects, args.repeats, args.seed, args.noise)
    dump_pickle(demo, args.out)
    print(f'{args.out}: {len(demo["annotations"])} clips, '
          + ', '.join(f'{name} {len(clips)}' for name, clips in demo['split'].items()))


if __name__ == '__main__':
    main()
