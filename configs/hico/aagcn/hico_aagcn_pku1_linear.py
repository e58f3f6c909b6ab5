_base_ = [
    '../../_base_/models/linear_gru.py', '../../_base_/models/aagcn.py', '../../_base_/datasets/pku1.py',
    '../../_base_/schedules/linear.py'
]
model = dict(**_base_.skeleton, **_base_.graph)
