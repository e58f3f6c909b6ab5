# The backbone of MMAction2's ST-GCN config.
model = dict(
    backbone=dict(_delete_=True, type='STGCN', graph_cfg=dict(layout='nturgb+d', mode='stgcn_spatial')),
    neck=dict(tokenizer=dict(type='HiCoBackbone')))
