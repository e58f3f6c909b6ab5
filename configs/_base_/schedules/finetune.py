# The released code has no finetuning. Chosen on held-out training subjects of NW-UCLA, see docs/results.md, "Finetuning".
_base_ = '../default_runtime.py'

train_cfg = dict(type='ResumableTrainLoop', max_epochs=50, val_begin=10, val_interval=10)
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='AdamW', lr=1e-3, weight_decay=0.01))
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True, convert_to_iter_based=True)]
val_evaluator = dict(type='AccMetric')
test_evaluator = val_evaluator
auto_scale_lr = dict(enable=False, base_batch_size=64)
