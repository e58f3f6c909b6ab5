# Two augmented views of a clip, each cropped in time, then either corrupted at 60 % of its joints or sheared.
view = [
    dict(type='TemporalCropResize', ratio=(0.1, 1.0), min_frames=64),
    dict(type='OneOf', transforms=[dict(type='JointCorruption', ratio=0.6), dict(type='PoseShear')]),
]
model = dict(
    type='HiCo',
    backbone=dict(type='HiCoBackbone', channels=512),
    neck=dict(type='UDMNeck', encoder=dict(type='GRUEncoder'), num_granularities=4),
    projector=dict(type='HierarchicalProjector', hidden_channels=512, out_channels=128),
    head=dict(type='HierarchicalContrastHead', queue_length=2048, temperature=0.2),
    cls_head=dict(type='KNNHead', k=1),
    momentum=0.001,
    cuda_graph=True,
    data_preprocessor=dict(
        type='SkeletonDataPreprocessor', clip_len=64, train_views=[view, view],
        test_views=[[dict(type='CenterCropResize', ratio=0.95)]]))
