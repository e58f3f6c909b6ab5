_base_ = './hico_gru_ntu120_finetune.py'
model = dict(neck=dict(encoder=dict(type='LSTMEncoder')))
