_base_ = './ntu60.py'
train_dataloader = dict(dataset=dict(ann_file='data/nwucla/nwucla.pkl', layout='nw_ucla', split='xview_train'))
val_dataloader = dict(dataset=dict(ann_file='data/nwucla/nwucla.pkl', layout='nw_ucla', split='xview_val'))
test_dataloader = val_dataloader
test_pipeline = [
    dict(type='NormalizeSkeleton', layout='nw_ucla'), dict(type='PackActionInputs', meta_keys=('frame_dir', ))]
skeleton = dict(data_preprocessor=dict(layout='nw_ucla', num_persons=1), cls_head=dict(num_classes=10))
