# Table 3: the temporal branch alone, instance level.
_base_ = '../hico_transformer_ntu60.py'
model = dict(backbone=dict(branches=('temporal', )), projector=dict(levels=('instance', )))
