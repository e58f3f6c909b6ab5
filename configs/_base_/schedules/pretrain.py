_base_ = '../default_runtime.py'

train_cfg = dict(type='ResumableTrainLoop', max_epochs=451, val_begin=10, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.01, momentum=0.9, weight_decay=1e-4))
param_scheduler = [dict(type='MultiStepLR', by_epoch=True, milestones=[351], gamma=0.1)]
# With k = 1, a sample has only one vote, so there is no top-5.
val_evaluator = dict(type='AccMetric', metric_options=dict(top_k_accuracy=dict(topk=(1, ))))
test_evaluator = val_evaluator
auto_scale_lr = dict(enable=False, base_batch_size=64)
