# Clips centred on their first frame's centre joint, not every frame on its own.
_base_ = './nwucla.py'
first_frame = dict(once=[dict(type='NormalizeSkeleton', center='first_frame')])
train_dataloader = dict(dataset=first_frame)
val_dataloader = dict(dataset=first_frame)
test_dataloader = val_dataloader
