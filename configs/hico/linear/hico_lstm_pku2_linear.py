_base_ = './hico_gru_pku2_linear.py'
model = dict(neck=dict(encoder=dict(type='LSTMEncoder')))
