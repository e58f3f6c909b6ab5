_base_ = './hico_gru_pku1.py'
model = dict(neck=dict(encoder=dict(type='TransformerEncoder')))
