_base_ = [
    '../../_base_/models/hico_gru.py', '../../_base_/models/stgcnpp.py', '../../_base_/datasets/pku1.py',
    '../../_base_/schedules/pretrain.py'
]
model = dict(**_base_.skeleton, **_base_.graph)
