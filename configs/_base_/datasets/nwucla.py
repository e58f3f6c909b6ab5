_base_ = './ntu60.py'
source = dict(ann_file='data/nwucla/nwucla.pkl', layout='nw_ucla')
train_dataloader = dict(dataset=dict(split='xview_train', **source))
val_dataloader = dict(dataset=dict(split='xview_val', **source))
test_dataloader = val_dataloader
