# Made by tools/data/make_demo.py and tools/data/prepare_ntu.py; so small that workers cost more than they give.
_base_ = './ntu60.py'
ann_file = 'data/demo/demo.pkl'
few = dict(num_workers=0, persistent_workers=False, dataset=dict(ann_file=ann_file))
train_dataloader = few
val_dataloader = few
test_dataloader = few
skeleton = dict(cls_head=dict(num_classes=10))
