# Table 3: the temporal branch alone, instance level.
model = dict(neck=dict(branches=('temporal', )), projector=dict(levels=('instance', )))
