# ST-GCN with four stages and a quarter of the width, with the schedule for small datasets and the released
# augmentations. Its batch norm groups have eight clips each.
_base_ = './hico_lstm_demo.py'
graph = dict(
    _delete_=True, type='STGCN', graph_cfg=dict(layout='nturgb+d', mode='stgcn_spatial'), base_channels=16,
    num_stages=4, inflate_stages=[3], down_stages=[3])
neck = dict(channels=128, encoder=dict(type='GRUEncoder'), tokenizer=dict(type='HiCoBackbone'))
view = [
    dict(type='TemporalCropResize', ratio=(0.5, 1.0), min_frames=16),
    dict(type='RandomRotation'),
    dict(type='OneOf', transforms=[dict(type='JointCorruption', ratio=0.6), dict(type='PoseShear')]),
]
model = dict(
    norm_groups=2, backbone=graph, neck=neck, data_preprocessor=dict(stream='joint', train_views=[view, view]))
released = dict(batch_size=16, dataset=dict(load_pipeline=[dict(type='NormalizeSkeleton', align=True)]))
train_dataloader = released
val_dataloader = dict(dataset=released['dataset'])
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=100)
