_base_ = ['../../_base_/models/knn_small.py', '../../_base_/datasets/nwucla.py', '../../_base_/schedules/pretrain.py']
model = _base_.skeleton
