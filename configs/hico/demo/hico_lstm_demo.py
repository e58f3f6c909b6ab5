_base_ = [
    '../../_base_/models/hico_small.py', '../../_base_/datasets/demo.py', '../../_base_/schedules/pretrain_small.py'
]
model = dict(_base_.skeleton, neck=dict(encoder=dict(type='LSTMEncoder')))
upright = dict(dataset=dict(load_pipeline=[dict(type='NormalizeSkeleton', align='upright')]))
train_dataloader = upright
val_dataloader = upright
test_dataloader = upright
