_base_ = '../default_runtime.py'

train_cfg = dict(type='FeatureTrainLoop', max_epochs=80, batch_size=1024)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=2.0, momentum=0.9, weight_decay=0.0))
param_scheduler = [dict(type='MultiStepLR', by_epoch=True, milestones=[50, 70], gamma=0.1)]
val_evaluator = dict(type='AccMetric')
test_evaluator = val_evaluator
# The last checkpoint and the best one; epochs are of milliseconds, their scores are logged, not their steps.
default_hooks = dict(checkpoint=dict(interval=-1), logger=dict(ignore_last=True))
