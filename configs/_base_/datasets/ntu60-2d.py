# The pickle of MMAction2 with 2-D poses: COCO-17 in pixels, with scores. Other such pickles differ in file and splits.
_base_ = './ntu60.py'
normalize = dict(type='NormalizePose2D', box='body', score_thr=0.3, lost_joints='interpolate')
poses = dict(dataset=dict(ann_file='data/ntu60/ntu60_2d.pkl', layout='coco', load_pipeline=[normalize]))
train_dataloader = poses
val_dataloader = poses
test_dataloader = poses
test_pipeline = [normalize, dict(type='PackActionInputs', meta_keys=('frame_dir', ))]

view_2d = [
    dict(type='TemporalCropResize', ratio=(0.1, 1.0), min_frames=64),
    dict(type='PoseFlip'), dict(type='RandomRotation2D'),
    dict(type='OneOf', transforms=[dict(type='JointCorruption', ratio=0.6), dict(type='PoseShear')]),
]
skeleton = dict(
    data_preprocessor=dict(layout='coco', num_persons=2, in_channels=2, train_views=[view_2d, view_2d]))
