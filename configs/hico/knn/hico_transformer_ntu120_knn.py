_base_ = './hico_gru_ntu120_knn.py'
model = dict(neck=dict(encoder=dict(type='TransformerEncoder')))
