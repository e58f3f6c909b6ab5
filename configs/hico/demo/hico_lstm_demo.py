_base_ = [
    '../../_base_/models/hico_lstm_small.py', '../../_base_/datasets/demo.py', '../../_base_/schedules/pretrain_small.py'
]
model = _base_.skeleton
