"""Checkpoints: their files, their descriptions, and taking an encoder from one."""

from .description import META_KEY, Description, describe, describe_model
from .encoder import (
    SLOTS,
    EncoderSource,
    check_same_source,
    leaves_encoder_out,
    take_encoder,
    take_encoder_into,
    takes_encoder,
)
from .file import check_fit, load_checkpoint, save_checkpoint, weights_of
from .identity import encoder_hash
from .origin import Origin, origin_of

__all__ = ['META_KEY', 'SLOTS', 'Description', 'EncoderSource', 'Origin', 'check_fit', 'check_same_source', 'describe',
           'describe_model', 'encoder_hash', 'leaves_encoder_out', 'load_checkpoint', 'origin_of', 'save_checkpoint',
           'take_encoder', 'take_encoder_into', 'takes_encoder', 'weights_of']
