# Table 3: only the temporal branch, instance level.
model = dict(neck=dict(branches=('temporal', )), projector=dict(levels=('instance', )))
