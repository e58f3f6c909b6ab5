# A classifier and the encoder that comes from the checkpoint, both trained, on crops of half a clip or more, and of 16
# frames or more.
model = dict(
    type='SkeletonRecognizer', cls_head=dict(type='HierarchicalClsHead'),
    data_preprocessor=dict(train_views=[[dict(type='TemporalCropResize', ratio=(0.5, 1.0), min_frames=16)]]))
