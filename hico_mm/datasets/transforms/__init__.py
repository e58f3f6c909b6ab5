"""Augmented views of skeleton clips."""

from .clips import RaggedClips
from .normalize import NormalizeSkeleton
from .normalize_pose_2d import NormalizePose2D
from .one_of import OneOf
from .pose_flip import PoseFlip
from .random_rotation_2d import RandomRotation2D
from .spatial import FitToBox, JointCorruption, PoseShear, RandomRotation
from .streams import derive_stream
from .temporal import CenterCropResize, TemporalCropResize

__all__ = ['CenterCropResize', 'FitToBox', 'JointCorruption', 'NormalizePose2D', 'NormalizeSkeleton',
           'OneOf', 'PoseFlip', 'PoseShear', 'RaggedClips', 'RandomRotation', 'RandomRotation2D',
           'TemporalCropResize', 'derive_stream']
