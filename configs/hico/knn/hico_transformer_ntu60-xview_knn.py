_base_ = './hico_gru_ntu60-xview_knn.py'
model = dict(neck=dict(encoder=dict(type='TransformerEncoder')))
