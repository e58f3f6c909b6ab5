# Nearest neighbours; the encoder comes from the checkpoint. Nothing is trained, so nothing has to be frozen.
model = dict(type='SkeletonRecognizer', cls_head=dict(type='KNNHead', k=1))
