# ST-GCN with four stages and a quarter of the width, on joints, with the released alignment and augmentations. Its
# batch norm groups have eight clips each.
_base_ = './hico_lstm_demo.py'
graph = dict(
    _delete_=True, type='STGCN', graph_cfg=dict(layout='nturgb+d', mode='stgcn_spatial'), base_channels=16,
    num_stages=4, inflate_stages=[3], down_stages=[3])
neck = dict(channels=128, encoder=dict(type='GRUEncoder'), tokenizer=dict(type='HiCoBackbone'))
released = dict(type='OneOf', transforms=[dict(type='JointCorruption', ratio=0.6), dict(type='PoseShear')])
views = dict(stream='joint', train_views=2 * [[*_base_.view, released]])
model = dict(norm_groups=2, backbone=graph, neck=neck, data_preprocessor=views)
data = dict(load_pipeline=[dict(type='NormalizeSkeleton')])
train_dataloader = dict(batch_size=16, dataset=data)
val_dataloader = dict(dataset=data)
test_dataloader = val_dataloader
train_cfg = dict(max_epochs=100)
