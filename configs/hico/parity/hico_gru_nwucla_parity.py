# The authors' code as it was measured on NW-UCLA: its clip and part queues, clips centred on their first frame.
_base_ = '../hico_gru_nwucla.py'
first_frame = dict(dataset=dict(once=[dict(type='NormalizeSkeleton', center='first_frame')]))
train_dataloader = first_frame
val_dataloader = first_frame
test_dataloader = first_frame
model = dict(head=dict(active=2048))
