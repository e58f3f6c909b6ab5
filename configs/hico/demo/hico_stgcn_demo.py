# ST-GCN with four stages and a quarter of the width, with the recipe for small datasets. Its batch norm groups have
# eight clips each.
_base_ = './hico_lstm_demo.py'
graph = dict(
    _delete_=True, type='STGCN', graph_cfg=dict(layout='nturgb+d', mode='stgcn_spatial'), base_channels=16,
    num_stages=4, inflate_stages=[3], down_stages=[3])
neck = dict(channels=128, encoder=dict(type='GRUEncoder'), tokenizer=dict(type='HiCoBackbone'))
model = dict(norm_groups=2, backbone=graph, neck=neck)
train_dataloader = dict(batch_size=16)
train_cfg = dict(max_epochs=100)
