_base_ = './hico_gru_ntu60-xview_linear.py'
model = dict(neck=dict(encoder=dict(type='TransformerEncoder')))
