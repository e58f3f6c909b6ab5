"""Choose which persons of a clip to keep."""

import numpy as np


def motion_energy(person: np.ndarray) -> float:
    """Return the standard deviation of a person (T, V, C) over tracked frames and joints, summed over coordinates."""
    tracked = person[person.any((1, 2))].astype(np.float64)
    return float(tracked.std((0, 1)).sum()) if len(tracked) else 0.0


def most_active(keypoint: np.ndarray, num_persons: int) -> np.ndarray:
    """Return the indices of at most ``num_persons`` persons of (M, T, V, C): those that move most, in their order."""
    if len(keypoint) <= num_persons:
        return np.arange(len(keypoint))
    energy = [motion_energy(person) for person in keypoint]
    return np.array(sorted(sorted(range(len(keypoint)), key=lambda i: -energy[i])[:num_persons]))
