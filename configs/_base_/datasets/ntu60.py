dataset = dict(type='SkeletonDataset', ann_file='data/ntu60/ntu60.pkl', layout='ntu')
loader = dict(num_workers=2, persistent_workers=True, collate_fn=dict(type='skeleton_collate'))

train_dataloader = dict(
    batch_size=64, drop_last=True, sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(split='xsub_train', **dataset), **loader)
val_dataloader = dict(
    batch_size=64, sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(split='xsub_val', test_mode=True, **dataset), **loader)
test_dataloader = val_dataloader
# For one clip in MMAction2's inference API.
test_pipeline = [
    dict(type='NormalizeSkeleton', layout='ntu'), dict(type='PackActionInputs', meta_keys=('frame_dir', ))]

# Model settings that depend on the data: pretraining uses all of them, a downstream task only the number of classes.
skeleton = dict(data_preprocessor=dict(layout='ntu', num_persons=2), cls_head=dict(num_classes=60))
