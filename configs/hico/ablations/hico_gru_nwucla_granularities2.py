# Figure 4: two granularities.
_base_ = '../hico_gru_nwucla.py'
model = dict(neck=dict(num_granularities=2))
