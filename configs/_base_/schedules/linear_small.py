# For small datasets: standardised features and weight decay; the released schedule stops before it overfits instead.
_base_ = './linear.py'
train_cfg = dict(batch_size=128)
optim_wrapper = dict(optimizer=dict(lr=0.03, weight_decay=0.05))
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True, convert_to_iter_based=True)]
