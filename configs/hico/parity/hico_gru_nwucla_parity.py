# The authors' code as it was measured on NW-UCLA: its clip and part queues, first-frame normalisation.
_base_ = ['../../_base_/models/hico_gru.py', '../../_base_/datasets/nwucla_first_frame.py',
          '../../_base_/schedules/pretrain.py']
model = dict(
    backbone=dict(layout='nw_ucla', num_persons=1),
    head=dict(active=2048),
    cls_head=dict(num_classes=10),
    data_preprocessor=dict(layout='nw_ucla', num_persons=1))
