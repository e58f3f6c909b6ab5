_base_ = [
    '../_base_/models/hico_small.py', '../_base_/datasets/nwucla.py', '../_base_/schedules/pretrain_small.py'
]
model = _base_.skeleton
upright = dict(dataset=dict(load_pipeline=[dict(type='NormalizeSkeleton', align='upright')]))
train_dataloader = upright
val_dataloader = upright
test_dataloader = upright
# Other datasets may have fewer clips: if 150 epochs have fewer steps than on NW-UCLA, there are more epochs.
train_cfg = dict(min_steps=2250)
