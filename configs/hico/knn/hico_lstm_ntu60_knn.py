_base_ = './hico_gru_ntu60_knn.py'
model = dict(neck=dict(encoder=dict(type='LSTMEncoder')))
