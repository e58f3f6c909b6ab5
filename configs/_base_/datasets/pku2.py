_base_ = './pku1.py'
train_dataloader = dict(dataset=dict(ann_file='data/pku/pku2.pkl'))
val_dataloader = dict(dataset=dict(ann_file='data/pku/pku2.pkl'))
test_dataloader = val_dataloader
