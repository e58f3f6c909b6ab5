_base_ = './hico_ntu60-2d.py'
train_dataloader = dict(dataset=dict(ann_file='data/hmdb51/hmdb51_2d.pkl', split='train1'))
val_dataloader = dict(dataset=dict(ann_file='data/hmdb51/hmdb51_2d.pkl', split='test1'))
test_dataloader = val_dataloader
model = dict(cls_head=dict(num_classes=51))
