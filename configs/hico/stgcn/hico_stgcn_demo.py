# ST-GCN made narrow and shallow, by the recipe for small data; its groups of batch norm have eight clips each.
_base_ = [
    '../../_base_/models/hico_small.py', '../../_base_/models/stgcn_narrow.py', '../../_base_/datasets/demo.py',
    '../../_base_/schedules/pretrain_small.py'
]
model = dict(norm_groups=2, **_base_.skeleton, **_base_.graph)
train_dataloader = dict(batch_size=16)
train_cfg = dict(max_epochs=100)
