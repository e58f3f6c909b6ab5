_base_ = ['../../_base_/models/knn.py', '../../_base_/datasets/nwucla.py', '../../_base_/schedules/pretrain.py']
model = dict(cls_head=_base_.skeleton.cls_head)
