_base_ = './hico_gru_pku1_knn.py'
model = dict(neck=dict(encoder=dict(type='LSTMEncoder')))
