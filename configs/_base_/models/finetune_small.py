_base_ = './linear_small.py'
view = [dict(type='TemporalCropResize', clip_len=32, ratio=(0.5, 1.0), min_frames=16), dict(type='RandomRotation')]
model = dict(frozen=(), cls_head=dict(standardize=False), data_preprocessor=dict(train_views=[view]))
