_base_ = './hico_gru_nwucla.py'
model = dict(neck=dict(encoder=dict(type='LSTMEncoder')))
