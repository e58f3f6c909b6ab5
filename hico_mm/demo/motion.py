"""The motions of the synthetic demo data, by forward kinematics."""

from typing import Dict, List, NamedTuple, Tuple

import numpy as np

from ..structures import get_layout

# A standing body in metres, with y up, facing +z. The right side mirrors the left.
TRUNK = {0: (0, 0, 0), 1: (0, .25, 0), 20: (0, .50, 0), 2: (0, .58, 0), 3: (0, .72, 0)}
LEFT = {4: (-.18, .48, 0), 5: (-.20, .22, 0), 6: (-.20, -.02, 0), 7: (-.20, -.10, 0), 21: (-.20, -.17, 0),
        22: (-.17, -.10, .04), 12: (-.10, -.02, 0), 13: (-.10, -.42, 0), 14: (-.10, -.82, 0), 15: (-.10, -.88, .10)}
RIGHT_OF = {4: 8, 5: 9, 6: 10, 7: 11, 21: 23, 22: 24, 12: 16, 13: 17, 14: 18, 15: 19}
OTHER_SIDE = {**RIGHT_OF, **{right: left for left, right in RIGHT_OF.items()}}
FEET = (14, 15, 18, 19)


class Turn(NamedTuple):
    """A turning joint: angle(t) = rest + swing * sin(2 pi * (rate * t + phase)), in radians, with t in seconds."""

    joint: int
    axis: str
    rest: float
    swing: float = 0.0
    rate: float = 0.0
    phase: float = 0.0

    def angle(self, seconds: np.ndarray) -> np.ndarray:
        """Return the angles at the given times."""
        return self.rest + self.swing * np.sin(2 * np.pi * (self.rate * seconds + self.phase))

    def mirrored(self) -> 'Turn':
        """Return the same turn on the other side of the body."""
        sign = 1 if self.axis == 'x' else -1
        return self._replace(joint=OTHER_SIDE.get(self.joint, self.joint), rest=sign * self.rest,
                             swing=sign * self.swing)


def _both(*turns: Turn, lag: float = 0.0) -> List[Turn]:
    """Return turns of the right side, and the same turns of the left side, ``lag`` periods later."""
    return [*turns, *(turn._replace(phase=turn.phase + lag).mirrored() for turn in turns)]


# The turns of each person. Adjacent actions in this table have the same mean posture but differ in their motion.
ACTIONS: Dict[str, Tuple[List[Turn], ...]] = {
    'wave': ([Turn(8, 'z', 2.0), Turn(9, 'z', .2, .9, 1.5)], ),
    'punch': ([Turn(8, 'x', -1.1, .5, 1.2), Turn(9, 'x', -.9, .9, 1.2, .5)], ),
    'wipe': ([Turn(8, 'y', 0, .8, 1.2), Turn(8, 'x', -1.1), Turn(9, 'x', -.9)], ),
    'clap': (_both(Turn(8, 'y', .1, .7, 1.2), Turn(8, 'x', -1.2)), ),
    'climb': (_both(Turn(8, 'x', -1.2, .7, 1.2), lag=.5), ),
    'squat': (_both(Turn(16, 'x', -.6, .6, .6), Turn(17, 'x', .8, .8, .6)), ),
    'march': (_both(Turn(16, 'x', -.6, .6, .9), Turn(17, 'x', .8, .8, .9), lag=.5), ),
    'kick': ([Turn(16, 'x', -.6, .7, .8), Turn(17, 'x', .5, .5, .8, .3)], ),
    'shake hands': ([Turn(8, 'x', -.8, .25, 1.5), Turn(9, 'x', -.5, .3, 1.5)], ) * 2,
    'push': (_both(Turn(8, 'x', -1.0, .4, .8), Turn(9, 'x', -.9, .8, .8, .5)), [Turn(1, 'x', .15, .35, .8, .4)]),
}


def template() -> np.ndarray:
    """Return a standing body, (25, 3), in metres."""
    body = np.zeros((get_layout('ntu').num_joints, 3))
    for joint, place in {**TRUNK, **LEFT}.items():
        body[joint] = place
        if joint in RIGHT_OF:
            body[RIGHT_OF[joint]] = np.array(place) * (-1, 1, 1)
    return body


def rotation(axis: str, angle: np.ndarray) -> np.ndarray:
    """Return rotations (T, 3, 3) about an axis by angles (T,) in radians."""
    i, j = {'x': (1, 2), 'y': (2, 0), 'z': (0, 1)}[axis]
    turn = np.tile(np.eye(3), (len(angle), 1, 1))
    turn[:, i, i] = turn[:, j, j] = np.cos(angle)
    turn[:, j, i] = np.sin(angle)
    turn[:, i, j] = -turn[:, j, i]
    return turn


def pose(body: np.ndarray, angles: List[Tuple[int, str, np.ndarray]]) -> np.ndarray:
    """Compute the poses (T, V, 3) of a body (V, 3) whose joints turn about axes by angles (T,), by forward kinematics.

    The lowest foot is on the floor, y = 0.
    """
    frames = len(angles[0][2])
    local = np.tile(np.eye(3), (len(body), frames, 1, 1))
    for joint, axis, angle in angles:
        local[joint] = local[joint] @ rotation(axis, angle)
    place, turned = np.zeros((frames, len(body), 3)), local.copy()
    for joint, parent in _bones():
        place[:, joint] = place[:, parent] + turned[parent] @ (body[joint] - body[parent])
        turned[joint] = turned[parent] @ local[joint]
    place[..., 1] -= place[:, FEET, 1].min(1, keepdims=True)
    return place


def _bones() -> List[Tuple[int, int]]:
    """Return (joint, parent) pairs from the hip outwards, with every parent before its children."""
    neighbours: Dict[int, List[int]] = {}
    for joint, parent in get_layout('ntu').edges:
        neighbours.setdefault(joint, []).append(parent)
        neighbours.setdefault(parent, []).append(joint)
    bones, reached = [], [0]
    for parent in reached:
        found = [joint for joint in neighbours[parent] if joint not in reached]
        bones += [(joint, parent) for joint in found]
        reached += found
    return bones
