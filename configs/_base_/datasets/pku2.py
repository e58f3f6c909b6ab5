_base_ = './pku1.py'
train_dataloader = dict(dataset=dict(ann_file='data/pku/pku2.pkl', split='xsub_train'))
val_dataloader = dict(dataset=dict(ann_file='data/pku/pku2.pkl', split='xsub_val'))
test_dataloader = val_dataloader
