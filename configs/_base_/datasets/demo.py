# Synthetic demo data. It is so small that workers do not pay off.
_base_ = './ntu60.py'
few = dict(num_workers=0, persistent_workers=False, dataset=dict(ann_file='data/demo/demo.pkl'))
train_dataloader = few
val_dataloader = few
test_dataloader = few
skeleton = dict(cls_head=dict(num_classes=10))
