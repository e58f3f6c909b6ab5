# Tables 3 and 4: both branches, instance level alone.
_base_ = '../hico_gru_nwucla.py'
model = dict(projector=dict(levels=('instance', )))
