"""Arguments that name a config and change it."""

import argparse
from typing import Any, Dict, List, Optional

from argcomplete.completers import FilesCompleter

from ..shipped import shipped_configs


def add_config(parser: argparse.ArgumentParser, what: str = '') -> None:
    """Add the positional argument that names a config."""
    argument: Any = parser.add_argument(
        'config', help=f'config file{what}, or the name of one that comes with hico_mm, such as hico_gru_nwucla')
    argument.completer = complete_config_name


def complete_config_name(prefix: str, **_: Any) -> List[str]:
    """Return the shell completions for a config: names of the package's configs, and files."""
    names = [path.stem for path in shipped_configs()]
    return [*(name for name in names if name.startswith(prefix)), *FilesCompleter(['.py'])(prefix)]


def add_config_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that change a config: ``--with`` and ``--cfg-options``."""
    parser.add_argument('--with', dest='fragments', nargs='+', default=[], metavar='FRAGMENT.py',
                        help='config fragments to merge over the config, such as configs/hico/graph/stgcn.py')
    parser.add_argument('--cfg-options', nargs='+', action=JoinedOptions, default={}, metavar='KEY=VALUE',
                        help='change keys of the config; may be given more than once')


def add_log_argument(parser: argparse.ArgumentParser) -> None:
    """Add the argument that names services to log to."""
    parser.add_argument('--log-to', nargs='+', choices=['tensorboard', 'wandb'], default=[], metavar='SERVICE',
                        help='log to these as well: tensorboard, wandb; the log files in the work directory are always '
                        'written')


def add_launcher_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that a launcher of several processes passes on."""
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none',
                        help='how the processes were started; default: none, for a single process')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


def check_contradictions(parser: argparse.ArgumentParser, args: argparse.Namespace, **keys: str) -> None:
    """Refuse an option whose key is given another value among ``--cfg-options``; ``keys`` names the key of each."""
    for option, key in keys.items():
        value = getattr(args, option)
        if key in args.cfg_options and value not in (None, args.cfg_options[key]):
            parser.error(f'--{option.replace("_", "-")} {value} and {key}={args.cfg_options[key]} differ: give only '
                         'one of them')


class JoinedOptions(argparse.Action):
    """MMEngine's ``DictAction``, except that a repeated option adds to the earlier ones."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any,
                 option_string: Optional[str] = None) -> None:
        """Parse the pairs and add them to those given before."""
        values_by_key: Dict[str, Any] = dict(getattr(namespace, self.dest) or {})
        for pair in values:
            key, equals, value = pair.partition('=')
            if not equals:
                parser.error(f'{option_string} takes KEY=VALUE pairs, got {pair!r}')
            values_by_key[key] = option_value(value)
        setattr(namespace, self.dest, values_by_key)


def option_value(text: str) -> Any:
    """Parse the value of a ``--cfg-options`` pair as MMEngine does: a number, a word, or a list or tuple of these."""
    from mmengine.config import DictAction  # takes a third of a second

    return DictAction._parse_iterable(text)
