_base_ = [
    '../../_base_/models/linear_lstm_small.py', '../../_base_/datasets/demo.py', '../../_base_/schedules/linear.py'
]
model = dict(cls_head=dict(num_classes=10))
train_cfg = dict(batch_size=64)
