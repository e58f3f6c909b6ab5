_base_ = './hico_gru_nwucla_small_finetune.py'
model = dict(neck=dict(encoder=dict(type='TransformerEncoder')))
