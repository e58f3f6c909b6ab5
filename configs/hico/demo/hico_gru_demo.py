_base_ = ['../../_base_/models/hico_gru.py', '../../_base_/datasets/demo.py', '../../_base_/schedules/pretrain_small.py']
model = dict(
    backbone=dict(num_persons=1, channels=64),
    neck=dict(channels=64),
    projector=dict(in_channels=64, hidden_channels=64),
    head=dict(queue_length=256, temperature=0.1),
    momentum=0.01,
    cls_head=dict(num_classes=8),
    data_preprocessor=dict(num_persons=1))
