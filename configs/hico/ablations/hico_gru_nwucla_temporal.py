# Table 3: the temporal branch alone, instance level.
_base_ = '../hico_gru_nwucla.py'
model = dict(backbone=dict(branches=('temporal', )), projector=dict(levels=('instance', )))
