# The released batch, of which an epoch has one, although lr 2 oscillates then: it is what was measured.
_base_ = '../linear/hico_gru_nwucla_linear.py'
first_frame = dict(dataset=dict(once=[dict(type='NormalizeSkeleton', center='first_frame')]))
train_dataloader = first_frame
val_dataloader = first_frame
test_dataloader = first_frame
train_cfg = dict(batch_size=1024)
