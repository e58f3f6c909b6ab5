model = dict(
    type='SkeletonRecognizer',
    frozen=('backbone', 'neck'),
    backbone=dict(type='HiCoBackbone', layout='ntu', num_persons=2, clip_len=64, channels=512),
    neck=dict(type='UDMNeck', encoder=dict(type='GRUEncoder'), channels=512, num_granularities=4),
    cls_head=dict(type='HierarchicalClsHead', num_classes=60, in_channels=4096),
    data_preprocessor=dict(
        type='SkeletonDataPreprocessor', layout='ntu', num_persons=2,
        test_views=[[dict(type='CenterCropResize', clip_len=64, ratio=0.95)]]))
