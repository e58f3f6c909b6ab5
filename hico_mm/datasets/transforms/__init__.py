"""Augmented views of skeleton clips."""

from .clips import RaggedClips
from .normalize import NormalizeSkeleton
from .normalize_pose_2d import NormalizePose2D
from .one_of import OneOf
from .spatial import FitToBox, JointCorruption, PoseShear, RandomRotation
from .streams import derive_stream
from .temporal import CenterCropResize, TemporalCropResize

__all__ = ['CenterCropResize', 'FitToBox', 'JointCorruption', 'NormalizePose2D', 'NormalizeSkeleton',
           'OneOf', 'PoseShear', 'RaggedClips', 'RandomRotation', 'TemporalCropResize', 'derive_stream']
