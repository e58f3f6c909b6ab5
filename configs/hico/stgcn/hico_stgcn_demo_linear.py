_base_ = [
    '../../_base_/models/linear_small.py', '../../_base_/models/stgcn_narrow.py', '../../_base_/datasets/demo.py',
    '../../_base_/schedules/linear_small.py'
]
model = dict(**_base_.skeleton, **_base_.graph)
