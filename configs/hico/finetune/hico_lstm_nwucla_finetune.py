_base_ = './hico_gru_nwucla_finetune.py'
model = dict(neck=dict(encoder=dict(type='LSTMEncoder')))
