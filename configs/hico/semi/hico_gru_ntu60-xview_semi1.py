_base_ = '../finetune/hico_gru_ntu60-xview_finetune.py'
train_dataloader = dict(dataset=dict(subset=dict(fraction=0.01, seed=0)))
