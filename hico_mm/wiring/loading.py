"""Read a config by its file or name, and apply changes to it."""

import re
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

from mmengine.config import Config

from ..errors import UserError
from ..shipped import find_config
from .misspelt import check_options, check_spelling
from .reading import read_config
from .values import check_values

TASKS = 'linear|knn|semi|finetune'
SEMI = 'with --with configs/hico/semi/semi.py'
RAW = 'with configs/hico/baselines/raw_coordinates.py in place of the checkpoint'
# Configs of earlier versions: pattern, the config that replaces it, and what to add to the command.
SUCCESSORS = (
    (rf'(?:{TASKS})/hico_(?:gru|lstm|transformer)_(\w+?(?:-x\w+)?)_semi1', 'finetune/hico_{0}_finetune.py',
     f'{SEMI} --cfg-options train_dataloader.dataset.subset.fraction=0.01'),
    (rf'(?:{TASKS})/hico_(?:gru|lstm|transformer)_(\w+?(?:-x\w+)?)_semi10', 'finetune/hico_{0}_finetune.py', SEMI),
    (r'(?:\w+/)?hico_([\w-]+)_semi', 'finetune/hico_{0}_finetune.py', SEMI),
    (r'linear/hico_(?:gru|lstm|transformer)_([\w-]+)_linear', 'linear/hico_{0}_linear.py', ''),
    (r'(knn|finetune)/hico_(?:gru|lstm|transformer)_([\w-]+)_(?:knn|finetune)', '{0}/hico_{1}_{0}.py', ''),
    (r'knn/raw_(\w+)_knn', 'knn/hico_{0}_knn.py', RAW),
    (r'demo/hico_lstm_demo_(linear|knn)', '{0}/hico_demo_{0}.py', ''),
    (r'demo/raw_demo_knn', 'knn/hico_demo_knn.py', RAW),
    (r'transfer/hico_\w+_to_pku2', 'finetune/hico_pku2_finetune.py', 'with --pretrained CKPT'),
    (r'ablations/(hico_\w+?_[\w-]+?)_granularities(\d)', '{0}.py', '--cfg-options model.neck.num_granularities={1}'),
    (r'ablations/(hico_\w+?_[\w-]+?)_released-queue', '{0}.py', '--cfg-options model.head.wrap_at=queue_length'),
    (r'ablations/(hico_[a-z]+_\w+(?:-x\w+)?)_(temporal|spatial|instance|domain|paper-udm)', '{0}.py',
     '--with configs/hico/ablations/{1}.py'),
    (r'parity/(hico_\w+)_parity', '{0}.py', '--with configs/hico/ablations/parity.py'),
    (r'parity/hico_\w+_parity_linear', 'linear/hico_nwucla_linear.py', '--cfg-options train_cfg.batch_size=1024'),
    (r'(stgcn|stgcnpp|aagcn)/hico_\w+?_(\w+)_linear', 'linear/hico_{1}_linear.py', ''),
    (r'stgcn/((?:hico_)?stgcn_demo)', 'demo/{0}.py', ''),
    (r'(stgcn|stgcnpp|aagcn)/hico_\w+?_(\w+)', 'hico_gru_{1}.py', '--with configs/hico/graph/{0}.py'),
)
# Datasets in former names that use the downstream configs of another dataset.
SAME_DATA = {'nwucla_small': 'nwucla'}


def load_config(path: str, fragments: Sequence[str] = (), options: Optional[Dict[str, Any]] = None) -> Config:
    """Read a config, merge fragments and options over it, and check the spelling of its keys.

    Args:
        path: The config file.
        fragments: Config files to merge over it, in order.
        options: ``--cfg-options`` by dotted key, merged last. A number of epochs among them removes the config's
            minimum number of steps.

    Raises:
        UserError: if a file is missing (the message names its replacement if it existed in an earlier version), or if
            a key is misspelt or has no effect.
    """
    config = _read(path)
    for fragment in fragments:
        changes = _read(fragment)
        config = Config(Config._merge_a_into_b(changes._cfg_dict, config._cfg_dict), filename=config.filename)
    options = options or {}
    check_options(config, options, path)
    if 'train_cfg.max_epochs' in options and config.get('train_cfg'):  # like --epochs, this is the whole length
        config.train_cfg.pop('min_steps', None)
    try:
        config.merge_from_dict(options)
    except (IndexError, KeyError, TypeError) as error:
        raise UserError(f'--cfg-options cannot be merged into {path}: {error.args[0]}') from error
    check_spelling(config, path)
    check_values(config, path)
    if 'train_cfg.max_epochs' in options and 'train_cfg.val_begin' not in options and config.train_cfg.get('val_begin'):
        config.train_cfg.val_begin = min(config.train_cfg.val_begin, config.train_cfg.max_epochs)
    return config


def check_parts(config: Config, path: str, *parts: str) -> None:
    """Check that a config has the parts that a command needs.

    Raises:
        UserError: if it does not; the message names the missing parts.
    """
    missing = [part for part in parts if config.get(part) is None]
    if missing:
        raise UserError(f'config {path} has no {", ".join(missing)}: see configs/README.md for the available configs')


def run_name(path: str, fragments: Sequence[str] = ()) -> str:
    """Return the name of a run: the names of its config and fragments, joined."""
    return '_'.join(Path(part).stem for part in (path, *fragments))


def _read(name: str) -> Config:
    path = find_config(name)
    if not path.is_file():
        raise UserError(f'config {name} does not exist{successor(name)}')
    return read_config(str(path))


def successor(path: str) -> str:
    """Return the end of a sentence that names the replacement for a config of an earlier version."""
    parts: List[str] = Path(path.removesuffix('.py')).parts[-2:]  # type: ignore[assignment]
    for pattern, name, more in SUCCESSORS:
        match = re.fullmatch(pattern, '/'.join(parts))
        if match:
            values = [value if '_linear' in name else SAME_DATA.get(value, value) for value in match.groups()]
            added = f', {more.format(*values)}' if more else ''
            return f': use configs/hico/{name.format(*values)}{added} (see configs/README.md)'
    return ': see configs/README.md for the available configs'
