# Figure 4: three granularities.
_base_ = '../hico_gru_nwucla.py'
model = dict(neck=dict(num_granularities=3))
