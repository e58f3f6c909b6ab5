# For small data and a few minutes, not the released settings: 32 frames, width 128, crops of half the clip or more, and
# LSTM, the recurrent encoder that PyTorch runs fastest on a CPU.
_base_ = './hico_gru.py'
view = [
    dict(type='TemporalCropResize', clip_len=32, ratio=(0.5, 1.0), min_frames=24),
    dict(type='OneOf', transforms=[dict(type='JointCorruption', share=0.6), dict(type='PoseShear')]),
]
model = dict(
    backbone=dict(channels=128),
    neck=dict(encoder=dict(type='LSTMEncoder')),
    projector=dict(hidden_channels=128),
    head=dict(queue_length=256, temperature=0.1),
    momentum=0.01,
    data_preprocessor=dict(
        train_views=[view, view], test_views=[[dict(type='CenterCropResize', clip_len=32, ratio=0.95)]]))
