# The running statistics of batch norm are each process's own, so what is tested and saved follows the first one's.
_base_ = './pretrain.py'
model_wrapper_cfg = dict(broadcast_buffers=True)
