_base_ = './hico_gru_ntu120-xset.py'
model = dict(neck=dict(encoder=dict(type='TransformerEncoder')))
