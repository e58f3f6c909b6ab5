# 10 % of the labels of each class; another ratio and another draw are options.
_base_ = '../finetune/hico_ntu120_finetune.py'
train_dataloader = dict(dataset=dict(subset=dict(fraction=0.1, seed=0)))
