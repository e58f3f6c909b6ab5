_base_ = './hico_lstm_demo_knn.py'
model = dict(backbone=dict(_delete_=True, type='RawCoordinates'), neck=None)
