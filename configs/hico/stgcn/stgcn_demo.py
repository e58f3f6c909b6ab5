# A recognizer of MMAction2, from scratch or, with `--pretrained`, from hico_stgcn_demo.py.
_base_ = ['../../_base_/models/finetune_small.py', '../../_base_/datasets/demo.py', '../../_base_/schedules/finetune.py']
graph = dict(type='STGCN', base_channels=16, graph_cfg=dict(layout='nturgb+d', mode='stgcn_spatial'))
views = dict(type='SkeletonDataPreprocessor', train_views=[_base_.view], test_views=_base_.model.data_preprocessor.test_views)
model = dict(
    _delete_=True, type='RecognizerGCN', backbone=graph, data_preprocessor=dict(views, **_base_.skeleton.data_preprocessor),
    cls_head=dict(type='GCNHead', in_channels=64, **_base_.skeleton.cls_head))
train_dataloader = dict(drop_last=False)
