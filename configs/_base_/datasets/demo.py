# Made by tools/data/make_demo.py.
_base_ = './ntu60.py'
ann_file = 'data/demo/demo.pkl'
train_dataloader = dict(dataset=dict(ann_file=ann_file))
val_dataloader = dict(dataset=dict(ann_file=ann_file))
test_dataloader = val_dataloader
