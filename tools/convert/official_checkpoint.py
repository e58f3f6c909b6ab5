"""Convert a checkpoint of the authors' released code into one of hico_mm."""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Dict

import torch
from torch import Tensor

import hico_mm  # noqa: F401
from hico_mm.apis import save_checkpoint
from hico_mm.structures import get_layout

# The released name of a part -> ours; 't_' and 's_' branches and the five projectors are spelt out below.
QUEUES = dict(c='clip', p='part', t='temporal', s='spatial', i='instance')
BRANCHES = dict(t='temporal', s='spatial')
PROJECTORS = dict(clip='clip', part='part', td='temporal', sd='spatial', instance='instance')
RULES = [
    (r'hi_encoder\.([ts])_embedding\.', lambda m: f'backbone.embeddings.{BRANCHES[m[1]]}.'),
    (r'hi_encoder\.([ts])_downsample\.conv\.dw_conv\.', lambda m: f'neck.pyramids.{BRANCHES[m[1]]}.udm.conv.'),
    (r'hi_encoder\.([ts])_downsample\.norm\.', lambda m: f'neck.pyramids.{BRANCHES[m[1]]}.udm.norm.'),
    (r'hi_encoder\.([ts])_encoder\.layers\.',
     lambda m: f'neck.pyramids.{BRANCHES[m[1]]}.encoder.transformer.layers.'),
    (r'hi_encoder\.([ts])_encoder\.(?=weight|bias)', lambda m: f'neck.pyramids.{BRANCHES[m[1]]}.encoder.rnn.'),
    (r'(clip|part|td|sd|instance)_proj\.', lambda m: f'projector.mlps.{PROJECTORS[m[1]]}.'),
]


def convert_name(name: str) -> str:
    """The name of a weight in hico_mm.

    Raises:
        ValueError: if it is no weight of the released code.
    """
    queue = re.fullmatch(r'([cptsi])_queue(_ptr)?', name)
    if queue:
        return f'head.queues.{QUEUES[queue[1]]}.{"pointer" if queue[2] else "features"}'
    side = re.match(r'(?:module\.)?encoder_([qk])\.', name)
    for pattern, replace in RULES if side else []:
        rest, found = re.subn('^' + pattern, replace, name[side.end():])
        if found:
            return ('' if side[1] == 'q' else 'key_encoder.module.') + rest
    raise ValueError(f'{name} is no weight of a HiCo pretraining checkpoint')
