_base_ = './hico_gru_ntu60-xview.py'
model = dict(neck=dict(encoder=dict(type='LSTMEncoder')))
