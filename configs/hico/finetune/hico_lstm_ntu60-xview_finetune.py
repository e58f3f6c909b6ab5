_base_ = './hico_gru_ntu60-xview_finetune.py'
model = dict(neck=dict(encoder=dict(type='LSTMEncoder')))
