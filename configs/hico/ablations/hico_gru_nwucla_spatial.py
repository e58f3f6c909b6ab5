# Table 3: the spatial branch alone, instance level.
_base_ = '../hico_gru_nwucla.py'
model = dict(backbone=dict(branches=('spatial', )), projector=dict(levels=('instance', )))
