# For small datasets, whose epochs have few steps. The warm-up takes 60 steps, independent of the training length.
_base_ = './pretrain.py'
train_cfg = dict(max_epochs=150, val_begin=50, val_interval=50)
optim_wrapper = dict(optimizer=dict(_delete_=True, type='AdamW', lr=1e-3, weight_decay=0.01))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, begin=0, end=60),
    dict(type='CosineAnnealingLR', by_epoch=True, convert_to_iter_based=True, eta_min=1e-5),
]
