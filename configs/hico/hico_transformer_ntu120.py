_base_ = './hico_gru_ntu120.py'
model = dict(neck=dict(encoder=dict(type='TransformerEncoder')))
