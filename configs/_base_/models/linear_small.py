_base_ = './linear_gru.py'
model = dict(
    backbone=dict(channels=128),
    neck=dict(num_granularities=1),
    cls_head=dict(standardize=True),
    data_preprocessor=dict(test_views=[[dict(type='CenterCropResize', clip_len=32, ratio=0.95)]]))
