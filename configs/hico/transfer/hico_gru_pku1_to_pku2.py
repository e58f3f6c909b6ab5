_base_ = '../finetune/hico_gru_pku2_finetune.py'
load_from = 'work_dirs/hico_gru_pku1/epoch_451.pth'
