_base_ = './linear_gru.py'
model = dict(
    backbone=dict(clip_len=32, channels=128),
    neck=dict(encoder=dict(type='LSTMEncoder'), channels=128),
    cls_head=dict(in_channels=1024),
    data_preprocessor=dict(test_views=[[dict(type='CenterCropResize', clip_len=32, ratio=0.95)]]))
