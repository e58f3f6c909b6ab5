_base_ = './ntu60.py'
train_dataloader = dict(dataset=dict(ann_file='data/ntu120/ntu120.pkl', split='xsub_train'))
val_dataloader = dict(dataset=dict(ann_file='data/ntu120/ntu120.pkl', split='xsub_val'))
test_dataloader = val_dataloader
skeleton = dict(cls_head=dict(num_classes=120))
