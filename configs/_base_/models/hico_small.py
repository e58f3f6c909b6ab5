# For small datasets of up to a few thousand clips. docs/experiments/README.md explains how it was chosen.
_base_ = './hico.py'
view = [dict(type='TemporalCropResize', ratio=(0.5, 1.0), min_frames=16), dict(type='RandomRotation')]
model = dict(
    backbone=dict(channels=128),
    neck=dict(num_granularities=1),
    projector=dict(hidden_channels=256),
    head=dict(queue_length=256, temperature=0.1),
    momentum=0.01,
    data_preprocessor=dict(clip_len=32, stream='joint+motion', train_views=[view, view]))
