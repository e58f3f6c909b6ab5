# Table 3: the spatial branch alone, instance level.
model = dict(neck=dict(branches=('spatial', )), projector=dict(levels=('instance', )))
