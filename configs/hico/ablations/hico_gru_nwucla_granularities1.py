# Figure 4: one granularity.
_base_ = '../hico_gru_nwucla.py'
model = dict(neck=dict(num_granularities=1))
