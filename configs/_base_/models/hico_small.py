# Your data is small: up to some thousand clips. How it was chosen is in docs/experiments/README.md.
_base_ = './hico_gru.py'
view = [
    dict(type='TemporalCropResize', clip_len=32, ratio=(0.5, 1.0), min_frames=16),
    dict(type='RandomRotation'),
    dict(type='OneOf', transforms=[dict(type='JointCorruption', share=0.6), dict(type='PoseShear')]),
]
model = dict(
    backbone=dict(channels=128),
    neck=dict(num_granularities=1),
    projector=dict(hidden_channels=256),
    head=dict(queue_length=256, temperature=0.1),
    momentum=0.01,
    data_preprocessor=dict(
        train_views=[view, view], test_views=[[dict(type='CenterCropResize', clip_len=32, ratio=0.95)]]))
