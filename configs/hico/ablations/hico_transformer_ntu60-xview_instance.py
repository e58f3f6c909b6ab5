# Tables 3 and 4: both branches, instance level alone.
_base_ = '../hico_transformer_ntu60-xview.py'
model = dict(projector=dict(levels=('instance', )))
