_base_ = './hico_gru_pku1_linear.py'
model = dict(neck=dict(encoder=dict(type='LSTMEncoder')))
