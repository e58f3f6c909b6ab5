# Table 3: the spatial branch alone, instance level.
model = dict(backbone=dict(branches=('spatial', )), projector=dict(levels=('instance', )))
