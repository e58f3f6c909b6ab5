"""The table by which configs are completed.

An argument that a config omits gets the value of its source (``TELLS``) or, if it has none, the value in ``ARGUMENTS``.
Each size is therefore written only once, and a completed config contains all of them.
"""

from typing import Any, Dict, Tuple

from ..structures import BRANCHES, LEVELS

# The parts of a model in the order in which they are completed, each with its arguments and the config keys that their
# values come from. Some sources are computed: ``maps``, the output of a graph network for a clip; ``features``, the
# input of the head; ``data_preprocessor.out_channels``, the coordinates of a joint in all streams; and
# ``backbone.in_channels per stream``, those in one stream.
TELLS: Dict[str, Dict[str, str]] = {
    'data_preprocessor': dict(  # for configs that set these in HiCoBackbone
        layout='backbone.layout',
        num_persons='backbone.num_persons',
        in_channels='backbone.in_channels per stream',
        clip_len='backbone.clip_len'),
    'backbone': dict(
        layout='data_preprocessor.layout',
        num_persons='data_preprocessor.num_persons',
        in_channels='data_preprocessor.out_channels',
        clip_len='data_preprocessor.clip_len',
        branches='neck.branches'),
    'neck': dict(channels='backbone.channels', branches='backbone.branches'),
    'neck.tokenizer': dict(
        layout='data_preprocessor.layout',
        num_persons='maps.num_persons',
        in_channels='maps.in_channels',
        clip_len='maps.clip_len',
        channels='neck.channels',
        branches='neck.branches'),
    'neck.encoder': dict(channels='neck.channels'),
    'projector': dict(
        in_channels='neck.channels', num_granularities='neck.num_granularities', branches='neck.branches'),
    'head': dict(
        dim='projector.out_channels', num_granularities='projector.num_granularities', levels='projector.levels'),
    'cls_head': dict(in_channels='features.channels'),
}

# The arguments that determine the computation of each component, and their default values. A class derived from one of
# these has the arguments of its base class.
ARGUMENTS: Dict[str, Dict[str, Any]] = {
    'SkeletonRecognizer': dict(frozen=()),
    'HiCo': dict(momentum=0.001, norm_groups=8),
    'SkeletonDataPreprocessor': dict(
        layout='ntu', num_persons=2, in_channels=3, with_score=False, clip_len=64, stream='joint',
        test_views=[[dict(type='CenterCropResize')]]),
    'HiCoBackbone': dict(
        layout='ntu', num_persons=2, clip_len=64, in_channels=3, channels=512, norm=True, branches=BRANCHES),
    'UDMNeck': dict(
        channels=512, num_granularities=4, branches=BRANCHES, encoder=dict(type='GRUEncoder'),
        udm=dict(kernel_size=5, depthwise=True, norm_first=True)),
    'GRUEncoder': dict(channels=512, num_layers=1),
    'LSTMEncoder': dict(channels=512, num_layers=1),
    'TransformerEncoder': dict(channels=512, num_layers=1, num_heads=4, feedforward_channels=None, dropout=0.1),
    'HierarchicalProjector': dict(
        in_channels=512, hidden_channels=512, out_channels=128, num_granularities=4, branches=BRANCHES,
        levels=LEVELS),
    'HierarchicalContrastHead': dict(
        dim=128, queue_length=2048, num_granularities=4, temperature=0.2, levels=LEVELS, wrap_at=None),
    'HierarchicalClsHead': dict(in_channels=4096, level='instance', standardize=False),
    'KNNHead': dict(in_channels=0, k=1, level='instance'),
    'TemporalCropResize': dict(clip_len=64, ratio=(0.1, 1.0), min_frames=64),
    'CenterCropResize': dict(clip_len=64, ratio=0.95),
    'JointCorruption': dict(layout='ntu', ratio=0.6, zero_prob=0.5, in_channels=3),
    'PoseShear': dict(magnitude=1.0, in_channels=3),
    'FitToBox': dict(per_axis=True, in_channels=3),
    'PoseFlip': dict(layout='ntu', prob=0.5),
    'RandomRotation2D': dict(max_angle=15, max_scale=0.2, in_channels=2),
    'RandomRotation': dict(max_angles=(30, 30, 60), max_scale=0.2, in_channels=3),
    'NormalizeSkeleton': dict(layout='ntu', center='frame', align=True, lost_joints='absent'),
    'NormalizePose2D': dict(box='image', score_thr=0.0, with_score=False, lost_joints='absent'),
}

# Every encoder gets its width, and every head the width of its feature, including those registered elsewhere.
CONTRACTS: Dict[str, Tuple[str, ...]] = {'neck.encoder': ('channels', ), 'cls_head': ('in_channels', )}

# The values that a preprocessor passes to the transforms of its views, and a dataset to those of its load pipeline.
TELLS_TRANSFORMS = ('layout', 'in_channels', 'clip_len')
