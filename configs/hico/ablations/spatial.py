# Table 3: only the spatial branch, instance level.
model = dict(neck=dict(branches=('spatial', )), projector=dict(levels=('instance', )))
