# Views for a small dataset: crops of 16 frames or more, rotated and scaled.
_base_ = ['../../_base_/models/finetune.py', '../../_base_/datasets/nwucla.py', '../../_base_/schedules/finetune.py']
view = [dict(type='TemporalCropResize', ratio=(0.5, 1.0), min_frames=16), dict(type='RandomRotation')]
model = dict(cls_head=_base_.skeleton.cls_head, data_preprocessor=dict(train_views=[view]))
train_dataloader = dict(drop_last=False)
