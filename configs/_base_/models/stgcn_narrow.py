# ST-GCN of four stages and a quarter of the width, for small data.
_base_ = './stgcn.py'
graph = dict(
    backbone=dict(base_channels=16, num_stages=4, inflate_stages=[3], down_stages=[3]), neck=dict(channels=128))
