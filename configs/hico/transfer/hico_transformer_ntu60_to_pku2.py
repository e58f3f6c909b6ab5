_base_ = '../finetune/hico_transformer_pku2_finetune.py'
load_from = 'work_dirs/hico_transformer_ntu60/epoch_451.pth'
