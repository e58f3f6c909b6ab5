_base_ = './hico_gru_nwucla_small.py'
model = dict(neck=dict(encoder=dict(type='TransformerEncoder')))
