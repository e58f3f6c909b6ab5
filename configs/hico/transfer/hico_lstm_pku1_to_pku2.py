_base_ = '../finetune/hico_lstm_pku2_finetune.py'
load_from = 'work_dirs/hico_lstm_pku1/epoch_451.pth'
