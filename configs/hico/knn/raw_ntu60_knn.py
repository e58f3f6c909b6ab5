_base_ = './hico_gru_ntu60_knn.py'
model = dict(backbone=dict(_delete_=True, type='RawCoordinates'), neck=None)
