_base_ = [
    '../../_base_/models/linear_small.py', '../../_base_/datasets/nwucla.py', '../../_base_/schedules/linear_small.py'
]
model = _base_.skeleton
