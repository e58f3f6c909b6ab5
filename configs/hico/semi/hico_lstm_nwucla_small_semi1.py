_base_ = '../finetune/hico_lstm_nwucla_small_finetune.py'
train_dataloader = dict(dataset=dict(subset=dict(fraction=0.01, seed=0)))
