_base_ = [
    '../../_base_/models/linear_lstm_small.py', '../../_base_/datasets/demo.py', '../../_base_/schedules/linear.py'
]
model = _base_.skeleton
train_cfg = dict(batch_size=64)
