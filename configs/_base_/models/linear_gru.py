model = dict(
    type='SkeletonRecognizer',
    frozen=('backbone', 'neck'),
    backbone=dict(type='HiCoBackbone', channels=512),
    neck=dict(type='UDMNeck', encoder=dict(type='GRUEncoder'), num_granularities=4),
    cls_head=dict(type='HierarchicalClsHead'),
    data_preprocessor=dict(
        type='SkeletonDataPreprocessor', test_views=[[dict(type='CenterCropResize', clip_len=64, ratio=0.95)]]))
