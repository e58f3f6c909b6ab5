_base_ = './ntu60.py'
train_dataloader = dict(dataset=dict(ann_file='data/pku/pku1.pkl'))
val_dataloader = dict(dataset=dict(ann_file='data/pku/pku1.pkl'))
test_dataloader = val_dataloader
skeleton = dict(cls_head=dict(num_classes=51))
