_base_ = './linear_gru.py'
model = dict(
    frozen=(),
    data_preprocessor=dict(train_views=[[dict(type='TemporalCropResize', clip_len=64, ratio=(0.5, 1.0))]]))
