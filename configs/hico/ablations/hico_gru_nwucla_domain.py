# Table 4: instance and domain levels.
_base_ = '../hico_gru_nwucla.py'
model = dict(projector=dict(levels=('temporal', 'spatial', 'instance')))
