"""Place poses that are relative to the hips in front of the camera, so that the path of the body is kept."""

from typing import Tuple

import numpy as np

FOCAL = 1.0  # focal length of the camera in lengths of the longer side of the picture; it is not known
SECONDS = 0.5  # window of the median that smooths the path
NEAREST, FARTHEST = 0.3, 50.0  # metres


def root_in_camera(pose: np.ndarray, pixels: np.ndarray, weight: np.ndarray, size: Tuple[int, int]) -> np.ndarray:
    """Return the position (3,) that a pose must have in front of a camera to appear where it does in the picture.

    It is the least-squares solution of f * (x + x0) = u * (z + z0) and f * (y + y0) = v * (z + z0) over all joints.

    Args:
        pose: (V, 3), metres from the hips; x to the right, y down, z away from the camera.
        pixels: (V, 2).
        weight: (V,), the weight of each joint.
        size: (height, width) of the picture in pixels.
    """
    focal = FOCAL * max(size)
    u, v = ((pixels - np.array([size[1], size[0]]) / 2) / focal).T
    one, zero = np.ones_like(u), np.zeros_like(u)
    matrix = np.concatenate([np.stack([one, zero, -u], -1), np.stack([zero, one, -v], -1)])
    wanted = np.concatenate([u * pose[:, 2] - pose[:, 0], v * pose[:, 2] - pose[:, 1]])
    weights = np.tile(np.sqrt(weight), 2)
    root = np.linalg.lstsq(matrix * weights[:, None], wanted * weights, rcond=None)[0]
    if not NEAREST <= root[2] <= FARTHEST:
        root = root / max(abs(root[2]), 1e-6) * np.clip(root[2], NEAREST, FARTHEST)
    return root


def smooth_path(path: np.ndarray, fps: float) -> np.ndarray:
    """Return the running median of a path (T, 3). Its ends are repeated."""
    half = int(SECONDS * fps / 2)
    padded = np.pad(path, ((half, half), (0, 0)), mode='edge')
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1, axis=0), -1)
