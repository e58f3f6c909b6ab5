_base_ = './hico_gru_pku1_finetune.py'
model = dict(neck=dict(encoder=dict(type='TransformerEncoder')))
