# The baseline without an encoder; use it in place of a checkpoint. The feature of a clip consists of its coordinates,
# normalised and resized as for an encoder. The clip length is an option: model.data_preprocessor.clip_len=32.
model = dict(backbone=dict(type='RawCoordinates'))
