# Table 3: the temporal branch alone, instance level.
model = dict(backbone=dict(branches=('temporal', )), projector=dict(levels=('instance', )))
