_base_ = ['../../_base_/models/knn_gru.py', '../../_base_/datasets/nwucla.py', '../../_base_/schedules/pretrain.py']
model = dict(
    backbone=dict(layout='nw_ucla', num_persons=1),
    cls_head=dict(num_classes=10),
    data_preprocessor=dict(layout='nw_ucla', num_persons=1))
