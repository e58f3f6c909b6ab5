_base_ = ['../../_base_/models/linear.py', '../../_base_/datasets/ntu60-2d.py', '../../_base_/schedules/linear.py']
model = dict(cls_head=_base_.skeleton.cls_head)
