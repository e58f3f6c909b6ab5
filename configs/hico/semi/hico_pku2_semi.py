# 10 % of the labels of each class; set other ratios and subsets with options.
_base_ = '../finetune/hico_pku2_finetune.py'
train_dataloader = dict(dataset=dict(subset=dict(fraction=0.1, seed=0)))
