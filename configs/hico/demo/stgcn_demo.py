# A recognizer of MMAction2, from scratch or from hico_stgcn_demo.py, on our views.
# Batch size and optimizer as in MMAction2.
_base_ = ['../../_base_/datasets/demo.py', '../../_base_/schedules/finetune.py']
graph = dict(type='STGCN', base_channels=16, num_stages=4, inflate_stages=[3], down_stages=[3],
             graph_cfg=dict(layout='nturgb+d', mode='stgcn_spatial'))
view = [dict(type='TemporalCropResize', ratio=(0.5, 1.0), min_frames=16), dict(type='RandomRotation')]
views = dict(type='SkeletonDataPreprocessor', clip_len=32, train_views=[view], **_base_.skeleton.data_preprocessor)
head = dict(type='GCNHead', in_channels=32, **_base_.skeleton.cls_head)
model = dict(type='RecognizerGCN', backbone=graph, cls_head=head, data_preprocessor=views)
train_dataloader = dict(batch_size=16, drop_last=False)
optim_wrapper = dict(optimizer=dict(_delete_=True, type='SGD', lr=0.1, momentum=0.9, weight_decay=5e-4, nesterov=True))
