"""Choose which persons of a clip to keep."""

import numpy as np


def motion_energy(person: np.ndarray) -> float:
    """Return the standard deviation of a person (T, V, C) over tracked frames and joints, summed over coordinates."""
    tracked = person[person.any((1, 2))].astype(np.float64)
    return float(tracked.std((0, 1)).sum()) if len(tracked) else 0.0


def movement(person: np.ndarray) -> float:
    """Return how much a person (T, V, C) moves: the mean deviation of a joint over the frames in which it is there."""
    there: np.ndarray = np.any(person, -1, keepdims=True)
    counts = np.maximum(there.sum(0), 1)
    places = np.where(there, person, 0).astype(np.float64)
    off = np.where(there, places - places.sum(0) / counts, 0)
    deviations = np.sqrt((off**2).sum(0) / counts).sum(-1)[there[..., 0].any(0)]
    return float(deviations.mean()) if len(deviations) else 0.0


def most_active(keypoint: np.ndarray, num_persons: int) -> np.ndarray:
    """Return the indices of at most ``num_persons`` persons of (M, T, V, C): those that move most, in their order."""
    if len(keypoint) <= num_persons:
        return np.arange(len(keypoint))
    energy = [movement(person) for person in keypoint]
    return np.array(sorted(sorted(range(len(keypoint)), key=lambda i: -energy[i])[:num_persons]))
