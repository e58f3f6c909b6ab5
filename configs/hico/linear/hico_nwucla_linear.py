_base_ = ['../../_base_/models/linear.py', '../../_base_/datasets/nwucla.py', '../../_base_/schedules/linear.py']
model = dict(cls_head=_base_.skeleton.cls_head)
# With the released batch size of 1024, an epoch of 1,020 clips is a single step, and training with lr 2 oscillates.
train_cfg = dict(batch_size=128)
