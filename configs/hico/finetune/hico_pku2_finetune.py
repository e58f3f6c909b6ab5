_base_ = ['../../_base_/models/finetune.py', '../../_base_/datasets/pku2.py', '../../_base_/schedules/finetune.py']
model = dict(cls_head=_base_.skeleton.cls_head)
train_dataloader = dict(drop_last=False)
