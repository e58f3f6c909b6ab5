# MMAction2's AAGCN. Its 2s-AGCN configs are the same with gcn_attention=False.
model = dict(
    backbone=dict(_delete_=True, type='AAGCN', graph_cfg=dict(layout='nturgb+d', mode='spatial')),
    neck=dict(tokenizer=dict(type='HiCoBackbone')))
