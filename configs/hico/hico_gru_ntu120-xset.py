_base_ = ['../_base_/models/hico.py', '../_base_/datasets/ntu120-xset.py', '../_base_/schedules/pretrain.py']
model = _base_.skeleton
