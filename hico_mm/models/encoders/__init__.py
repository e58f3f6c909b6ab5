"""Sequence-to-sequence encoders, (N, S, C) -> (N, S, C). Any registered module of this form can be used."""

from .recurrent import GRUEncoder, LSTMEncoder
from .transformer import TransformerEncoder

__all__ = ['GRUEncoder', 'LSTMEncoder', 'TransformerEncoder']
