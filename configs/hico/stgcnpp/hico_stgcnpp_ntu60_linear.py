_base_ = [
    '../../_base_/models/linear_gru.py', '../../_base_/models/stgcnpp.py', '../../_base_/datasets/ntu60.py',
    '../../_base_/schedules/linear.py'
]
model = dict(**_base_.skeleton, **_base_.graph)
