# Figure 4: three granularities.
_base_ = '../hico_transformer_ntu60-xview.py'
model = dict(neck=dict(num_granularities=3))
