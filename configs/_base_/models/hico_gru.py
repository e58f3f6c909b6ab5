# Two views of a clip, each cropped in time, then either corrupted at 60 % of its joints or sheared.
view = [
    dict(type='TemporalCropResize', clip_len=64, ratio=(0.1, 1.0), min_frames=64),
    dict(type='OneOf', transforms=[dict(type='JointCorruption', share=0.6), dict(type='PoseShear')]),
]
model = dict(
    type='HiCo',
    backbone=dict(type='HiCoBackbone', layout='ntu', num_persons=2, clip_len=64, channels=512),
    neck=dict(type='UDMNeck', encoder=dict(type='GRUEncoder'), channels=512, num_granularities=4),
    projector=dict(type='HierarchicalProjector', in_channels=512, out_channels=128, num_granularities=4),
    head=dict(type='HierarchicalContrastHead', dim=128, queue_length=2048, num_granularities=4, temperature=0.2),
    cls_head=dict(type='KNNHead', num_classes=60, k=1),
    momentum=0.001,
    data_preprocessor=dict(
        type='SkeletonDataPreprocessor', layout='ntu', num_persons=2, train_views=[view, view],
        test_views=[[dict(type='CenterCropResize', clip_len=64, ratio=0.95)]]))
