# The pickle of MMAction2 with 2-D poses: COCO-17 in pixels, with scores. Other such pickles differ in file and splits.
normalize = dict(type='NormalizePose2D', box='body', score_thr=0.3, lost_joints='interpolate')
dataset = dict(type='SkeletonDataset', ann_file='data/ntu60/ntu60_2d.pkl', layout='coco', load_pipeline=[normalize])
loader = dict(num_workers=2, persistent_workers=True, collate_fn=dict(type='skeleton_collate'))
train_dataloader = dict(
    batch_size=64, drop_last=True, sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(split='xsub_train', **dataset), **loader)
val_dataloader = dict(
    batch_size=64, sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(split='xsub_val', test_mode=True, **dataset), **loader)
test_dataloader = val_dataloader
test_pipeline = [normalize, dict(type='PackActionInputs', meta_keys=('frame_dir', ))]

view_2d = [
    dict(type='TemporalCropResize', ratio=(0.1, 1.0), min_frames=64),
    dict(type='PoseFlip'), dict(type='RandomRotation2D'),
    dict(type='OneOf', transforms=[dict(type='JointCorruption', ratio=0.6), dict(type='PoseShear')]),
]
skeleton = dict(
    data_preprocessor=dict(layout='coco', num_persons=2, in_channels=2, train_views=[view_2d, view_2d]),
    cls_head=dict(num_classes=60))
