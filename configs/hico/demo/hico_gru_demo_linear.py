_base_ = ['../../_base_/models/linear_gru.py', '../../_base_/datasets/demo.py', '../../_base_/schedules/linear.py']
model = dict(
    backbone=dict(num_persons=1, channels=64),
    neck=dict(channels=64),
    cls_head=dict(num_classes=8, in_channels=512),
    data_preprocessor=dict(num_persons=1))
train_cfg = dict(batch_size=64)
