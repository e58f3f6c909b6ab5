_base_ = './ntu60.py'
train_dataloader = dict(dataset=dict(ann_file='data/pku/pku1.pkl', split='xsub_train'))
val_dataloader = dict(dataset=dict(ann_file='data/pku/pku1.pkl', split='xsub_val'))
test_dataloader = val_dataloader
skeleton = dict(cls_head=dict(num_classes=51))
