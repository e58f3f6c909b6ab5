# Figure 4: one granularity.
_base_ = '../hico_transformer_ntu60.py'
model = dict(neck=dict(num_granularities=1))
