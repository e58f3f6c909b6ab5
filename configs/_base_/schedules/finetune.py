# The released code has no finetuning; chosen on held-out training subjects of NW-UCLA, see projects_readme.md.
_base_ = './linear.py'
train_cfg = dict(_delete_=True, type='EpochBasedTrainLoop', max_epochs=40, val_interval=5)
