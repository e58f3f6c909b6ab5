# The baseline without an encoder, to be given in place of a checkpoint: the coordinates of a clip, normalised and
# resized as an encoder gets them, are its feature. The clip length is an option: model.data_preprocessor.clip_len=32.
model = dict(backbone=dict(type='RawCoordinates'))
