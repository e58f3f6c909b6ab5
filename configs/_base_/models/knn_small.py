_base_ = './linear_small.py'
# Nothing is trained, so nothing need be frozen; and DDP refuses a model without trainable weights.
model = dict(frozen=(), cls_head=dict(_delete_=True, type='KNNHead', k=1))
