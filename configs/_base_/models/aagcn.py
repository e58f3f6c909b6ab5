# MMAction2's AAGCN, likewise; its 2s-AGCN configs are of it with gcn_attention=False.
graph = dict(
    backbone=dict(_delete_=True, type='AAGCN', graph_cfg=dict(layout='nturgb+d', mode='spatial')),
    neck=dict(tokenizer=dict(type='HiCoBackbone')))
