_base_ = [
    '../../_base_/models/finetune_small.py', '../../_base_/datasets/nwucla.py', '../../_base_/schedules/finetune.py'
]
model = _base_.skeleton
train_dataloader = dict(drop_last=False)
