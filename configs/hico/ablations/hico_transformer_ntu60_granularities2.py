# Figure 4: two granularities.
_base_ = '../hico_transformer_ntu60.py'
model = dict(neck=dict(num_granularities=2))
