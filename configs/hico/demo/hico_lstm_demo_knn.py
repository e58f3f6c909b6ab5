_base_ = './hico_lstm_demo_linear.py'
model = dict(frozen=(), cls_head=dict(_delete_=True, type='KNNHead', num_classes=10, k=1))
test_evaluator = dict(metric_options=dict(top_k_accuracy=dict(topk=(1, ))))
