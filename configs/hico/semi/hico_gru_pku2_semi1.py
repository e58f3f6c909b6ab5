_base_ = '../finetune/hico_gru_pku2_finetune.py'
train_dataloader = dict(dataset=dict(subset=dict(fraction=0.01, seed=0)))
