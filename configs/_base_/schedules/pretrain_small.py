# For small data and a few minutes; not the released schedule.
_base_ = './pretrain.py'
train_cfg = dict(max_epochs=70, val_begin=20, val_interval=20)
optim_wrapper = dict(optimizer=dict(_delete_=True, type='AdamW', lr=2e-3, weight_decay=0.01))
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True, convert_to_iter_based=True, eta_min=1e-5)]
