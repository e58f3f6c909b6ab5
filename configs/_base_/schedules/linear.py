_base_ = '../default_runtime.py'

train_cfg = dict(type='FeatureTrainLoop', max_epochs=80, batch_size=1024)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=2.0, momentum=0.9, weight_decay=0.0))
param_scheduler = [dict(type='MultiStepLR', by_epoch=True, milestones=[50, 70], gamma=0.1)]
val_evaluator = dict(type='AccMetric')
test_evaluator = val_evaluator
# Keep the last and the best checkpoint. Epochs take milliseconds, so their scores are logged, but not their steps.
default_hooks = dict(checkpoint=dict(interval=-1), logger=dict(ignore_last=True))
