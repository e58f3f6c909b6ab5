_base_ = './hico_ntu60-2d_linear.py'
train_dataloader = dict(dataset=dict(ann_file='data/gym/gym_2d.pkl', split='train'))
val_dataloader = dict(dataset=dict(ann_file='data/gym/gym_2d.pkl', split='val'))
test_dataloader = val_dataloader
model = dict(cls_head=dict(num_classes=99))
