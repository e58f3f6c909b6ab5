_base_ = './hico_gru_pku2.py'
model = dict(neck=dict(encoder=dict(type='LSTMEncoder')))
