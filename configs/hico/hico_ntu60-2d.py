# The encoder is an option: --cfg-options model.neck.encoder.type=LSTMEncoder (or TransformerEncoder).
_base_ = ['../_base_/models/hico.py', '../_base_/datasets/ntu60-2d.py', '../_base_/schedules/pretrain.py']
model = _base_.skeleton
