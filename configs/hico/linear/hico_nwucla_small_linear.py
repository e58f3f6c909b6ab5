_base_ = ['../../_base_/models/linear.py', '../../_base_/datasets/nwucla.py', '../../_base_/schedules/linear_small.py']
model = dict(cls_head=dict(standardize=True, **_base_.skeleton.cls_head))
