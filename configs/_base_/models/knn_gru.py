_base_ = './linear_gru.py'
model = dict(cls_head=dict(_delete_=True, type='KNNHead', num_classes=60, k=1))
