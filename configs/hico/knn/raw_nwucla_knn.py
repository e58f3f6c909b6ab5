_base_ = './hico_gru_nwucla_knn.py'
model = dict(backbone=dict(_delete_=True, type='RawCoordinates'), neck=None)
