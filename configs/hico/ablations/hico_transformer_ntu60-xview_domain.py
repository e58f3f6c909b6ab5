# Table 4: instance and domain levels.
_base_ = '../hico_transformer_ntu60-xview.py'
model = dict(projector=dict(levels=('temporal', 'spatial', 'instance')))
