_base_ = ['../../_base_/models/finetune_gru.py', '../../_base_/datasets/pku2.py', '../../_base_/schedules/finetune.py']
model = _base_.skeleton
train_dataloader = dict(drop_last=False)
