# Table 3: the spatial branch alone, instance level.
_base_ = '../hico_transformer_ntu60.py'
model = dict(backbone=dict(branches=('spatial', )), projector=dict(levels=('instance', )))
