_base_ = [
    '../_base_/models/hico_small.py', '../_base_/datasets/nwucla.py', '../_base_/schedules/pretrain_small.py'
]
model = _base_.skeleton
