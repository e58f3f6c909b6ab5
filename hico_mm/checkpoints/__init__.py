"""What a checkpoint is: its file, its description, and the encoder that is taken from it."""

from .description import META_KEY, Description, describe, describe_model
from .encoder import EncoderSource, take_encoder
from .file import check_fit, load_checkpoint, save_checkpoint, weights_of

__all__ = ['META_KEY', 'Description', 'EncoderSource', 'check_fit', 'describe', 'describe_model', 'load_checkpoint',
           'save_checkpoint', 'take_encoder', 'weights_of']
