"""Prepare the annotations that experiments need, or ask for them."""

import os
from pathlib import Path
from typing import Any, Optional

from mmengine.config import Config

from ..converters.convert import convert
from ..converters.ntu import plan_ntu
from ..converters.nwucla import plan_nwucla
from ..datasets.annotation import read_annotation
from ..datasets.inspection import inspect, summary
from ..demo import make_recordings
from ..errors import UserError
from ..structures import get_layout
from .plan import Setting
from .protocols import POSES_2D


def prepare(setting: Setting, raw: Optional[Path] = None) -> None:
    """Make sure that the annotation of a dataset exists. Demo data is created; NW-UCLA is converted from ``raw``.

    If the file is created, a summary of it and any findings are printed.

    Args:
        setting: The dataset and its config.
        raw: Folder with the raw files of NW-UCLA. Defaults to None.

    Raises:
        UserError: if it does not exist and cannot be created.
    """
    dataset: Any = Config.fromfile(setting.config).train_dataloader.dataset
    path = Path(dataset.ann_file)
    if path.exists():
        if raw is not None and setting.dataset.startswith('nwucla'):
            print(f'{dataset.ann_file} already exists and is used: remove it to convert {raw}')
        return
    if setting.dataset.startswith('demo'):
        make_demo(path)
    elif setting.dataset.startswith('nwucla') and raw is not None:
        convert(plan_nwucla(raw), path, os.cpu_count() or 1)
    elif setting.dataset in POSES_2D:
        raise UserError(f'{dataset.ann_file} does not exist: download {path.name} of MMAction2 (see docs/data.md)')
    else:
        raise UserError(f'{dataset.ann_file} does not exist: create it with hico-mm convert')
    annotation, layout = read_annotation(path), get_layout(dataset.layout)
    print('\n'.join(summary(annotation)))
    for finding in inspect(annotation, layout):
        print(finding)
    if setting.dataset.startswith('nwucla'):
        print('note: the public files of NW-UCLA contain 95 such copies; the split xview_val_distinct leaves them out')


def make_demo(path: Path) -> None:
    """Write the annotation of the synthetic data, and the recordings next to it in ``raw``."""
    recordings = path.parent / 'raw'
    if not recordings.exists():
        make_recordings(recordings)
    convert(plan_ntu(recordings, 'ntu60', recordings / 'missing.txt'), path, os.cpu_count() or 1)
