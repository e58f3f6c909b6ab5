_base_ = ['../../_base_/models/linear_gru.py', '../../_base_/datasets/ntu60.py', '../../_base_/schedules/linear.py']
model = _base_.skeleton
