# Table 4: instance and domain levels.
model = dict(projector=dict(levels=('temporal', 'spatial', 'instance')))
