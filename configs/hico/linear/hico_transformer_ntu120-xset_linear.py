_base_ = './hico_gru_ntu120-xset_linear.py'
model = dict(neck=dict(encoder=dict(type='TransformerEncoder')))
