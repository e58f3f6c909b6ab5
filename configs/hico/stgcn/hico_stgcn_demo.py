_base_ = [
    '../../_base_/models/hico_small.py', '../../_base_/models/stgcn.py', '../../_base_/datasets/demo.py',
    '../../_base_/schedules/pretrain_small.py'
]
narrow = dict(backbone=dict(_base_.graph.backbone, base_channels=16), neck=dict(channels=128, map_channels=64))
model = dict(**_base_.skeleton, **narrow)
