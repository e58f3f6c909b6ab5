"""The results of a training run, and a bitwise comparison of two runs."""

import json
import re
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

import numpy as np
import torch

from hico_mm.checkpoints import load_checkpoint

CLOCK = re.compile(r'time|memory|eta')
PARTS = ('state_dict', 'optimizer', 'param_schedulers', 'message_hub', 'meta')
Key = Tuple[str, int]


class Record(NamedTuple):
    """What a training run left.

    Args:
        last: The last checkpoint, None if it is missing.
        best: Weights of the best checkpoints, by file name.
        rows: Rows of scalars.json, by kind and step.
        broken: Number of broken lines in scalars.json.
        events: Values for TensorBoard, by tag and step.
        files: Names of the files in the work directory.
    """

    last: Optional[Dict[str, Any]]
    best: Dict[str, Any]
    rows: Dict[Key, List[dict]]
    broken: int
    events: Dict[Key, List[float]]
    files: List[str]


def read_record(folder: Path, epochs: int) -> Record:
    """Read what a training run left in a work directory, without values that depend on the clock."""
    path = folder / f'epoch_{epochs}.pth'
    best = {file.name: load_checkpoint(file)['state_dict'] for file in sorted(folder.glob('best_*.pth'))}
    rows, broken = read_scalars(folder)
    return Record(_without_clock(load_checkpoint(path)) if path.exists() else None, best, rows, broken,
                  _read_events(folder), sorted(path.name for path in folder.iterdir() if not path.is_dir()))


def _without_clock(checkpoint: Dict[str, Any]) -> Dict[str, Any]:
    for key in ('time', 'cfg', 'experiment_name'):
        checkpoint['meta'].pop(key, None)
    hub = checkpoint['message_hub']
    hub['log_scalars'] = {key: value for key, value in hub['log_scalars'].items() if not CLOCK.search(key)}
    hub['resumed_keys'] = {key: value for key, value in hub['resumed_keys'].items() if not CLOCK.search(key)}
    hub['runtime_info'] = {key: Path(value).name if key in ('last_ckpt', 'best_ckpt') else value
                           for key, value in hub['runtime_info'].items() if key not in ('cfg', 'experiment_name')}
    return checkpoint


def read_scalars(folder: Path) -> Tuple[Dict[Key, List[dict]], int]:
    """Return the rows of all scalars.json files, by kind and step, and the number of broken lines."""
    rows: Dict[Key, List[dict]] = {}
    broken = 0
    for file in sorted(folder.glob('*/vis_data/scalars.json')):
        for line in file.read_text().splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                broken += 1
                continue
            kind = 'val' if any(name.startswith('acc/') for name in row) else 'train'
            values = {name: value for name, value in row.items() if not CLOCK.search(name)}
            rows.setdefault((kind, row['step']), []).append(values)
    return rows, broken


def _read_events(folder: Path) -> Dict[Key, List[float]]:
    """Return the values in TensorBoard's files, by tag and step."""
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
    from tensorboard.util import tensor_util
    found: Dict[Key, List[float]] = {}
    for file in sorted(folder.glob('*/vis_data/events*')):
        for event in EventFileLoader(str(file)).Load():
            for value in event.summary.value:
                if not CLOCK.search(value.tag) and value.tensor.dtype != 7:  # 7 is text: the config
                    number = tensor_util.make_ndarray(value.tensor) if value.HasField('tensor') else value.simple_value
                    found.setdefault((value.tag, event.step), []).append(float(number))
    return found


def compare(whole: Record, resumed: Record) -> List[str]:
    """Return how an interrupted and resumed run differs from an undisturbed one, as ``kind: details``."""
    if resumed.last is None or whole.last is None:
        return ['no last checkpoint']
    faults = []
    for part in PARTS:
        places = differences(whole.last.get(part), resumed.last.get(part), part)
        if places:
            faults.append(f'{part} differs: {len(places)} place(s), first {places[:3]}')
    if differences(whole.best, resumed.best):
        faults.append(f'best checkpoint differs: {list(resumed.best)} instead of {list(whole.best)}')
    if resumed.broken:
        faults.append(f'broken lines of JSON: {resumed.broken}')
    faults += _compare_logs('scalars.json', whole.rows, resumed.rows)
    faults += _compare_logs('TensorBoard', whole.events, resumed.events)
    surplus = [name for name in resumed.files if name not in whole.files and not name.startswith('best_')]
    return faults + ([f'left over: {surplus}'] if surplus else [])


def _compare_logs(name: str, whole: Dict[Key, list], resumed: Dict[Key, list]) -> List[str]:
    places = dict(
        missing=[key for key in whole if key not in resumed],
        extra=[key for key in resumed if key not in whole],
        changed=[key for key in whole if any(differences(whole[key][0], row) for row in resumed.get(key, ()))],
        duplicate=[key for key in resumed if len(resumed[key]) > 1])
    return [f'{kind} rows in {name}: {len(keys)}, first {sorted(keys)[:4]}' for kind, keys in places.items() if keys]


def differences(a: Any, b: Any, path: str = '') -> List[str]:
    """Return the paths of all places where two nested structures differ in type or in any bit."""
    if type(a) is not type(b):
        return [path]
    if isinstance(a, (torch.Tensor, np.ndarray)):
        return [] if a.dtype == b.dtype and a.shape == b.shape and _bytes(a) == _bytes(b) else [path]
    if type(a).__name__ == 'HistoryBuffer':
        return differences(a.data, b.data, path)
    if isinstance(a, dict):
        return [place for key in {**a, **b} for place in (
            differences(a[key], b[key], f'{path}.{key}') if key in a and key in b else [f'{path}.{key}'])]
    if isinstance(a, (list, tuple)):
        if len(a) != len(b):
            return [path]
        return [place for i, pair in enumerate(zip(a, b)) for place in differences(*pair, f'{path}[{i}]')]
    return [] if a == b or (a != a and b != b) else [path]


def _bytes(values: Any) -> bytes:
    return values.detach().cpu().numpy().tobytes() if isinstance(values, torch.Tensor) else values.tobytes()
