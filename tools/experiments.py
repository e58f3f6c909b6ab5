"""The experiments of the paper as commands: what `reproduce.py` runs."""

from pathlib import Path
from typing import Collection, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from mmengine.config import Config

ROOT = Path(__file__).parents[1]
CONFIGS = ROOT / 'configs' / 'hico'
ENCODERS = ('gru', 'lstm', 'transformer')
DATASETS = ('ntu60', 'ntu60-xview', 'ntu120', 'ntu120-xset', 'pku1', 'pku2', 'nwucla', 'nwucla_small')
STREAMS = ('joint', 'bone', 'motion')
TASKS = ('linear', 'knn', 'semi1', 'semi10', 'finetune', 'transfer', 'fusion', 'ablations')
ABLATIONS = ('temporal', 'spatial', 'instance', 'domain', 'granularities1', 'granularities2', 'granularities3',
             'paper-udm', 'released-queue')
SOURCES = ('ntu60', 'pku1')  # of the transfer to pku2


class Setting(NamedTuple):
    """What an encoder is pretrained with."""

    encoder: str
    dataset: str
    stream: str = 'joint'
    seed: int = 0
    variant: str = ''

    @property
    def config(self) -> Path:
        """Its pretraining config."""
        name = f'hico_{self.encoder}_{self.dataset}'
        return CONFIGS / 'ablations' / f'{name}_{self.variant}.py' if self.variant else CONFIGS / f'{name}.py'

    @property
    def name(self) -> str:
        """Its folder."""
        return f'{self.dataset}/{self.encoder}/{self.variant or "hico"}/{self.stream}/seed{self.seed}'


class Step(NamedTuple):
    """A command that runs once.

    Args:
        setting: What the encoder was pretrained with.
        task: 'pretrain', a downstream task, 'dump' or 'dump_train'.
        tool: 'train.py' or 'test.py'.
        config: Config file.
        checkpoint: What it starts from; relative to the output folder.
        options: Further arguments.
        draw: Draw of the labelled subset.
    """

    setting: Setting
    task: str
    tool: str
    config: Path
    checkpoint: Optional[Path] = None
    options: Tuple[str, ...] = ()
    draw: Optional[int] = None

    @property
    def name(self) -> str:
        """Its folder."""
        return f'{self.setting.name}/{self.task}' + ('' if self.draw is None else f'/draw{self.draw}')

    def command(self, out: Path) -> List[str]:
        """The command line, from the project's root; training that was begun is resumed."""
        folder = out / self.name
        args = [f'tools/{self.tool}', str(self.config.relative_to(ROOT)), '--work-dir', str(folder)]
        if self.tool == 'test.py':
            args.insert(2, str(out / str(self.checkpoint)))
        elif (folder / 'last_checkpoint').exists():
            args.append('--resume')
        elif self.checkpoint:
            args += ['--pretrained', str(out / self.checkpoint)]
        if self.task.startswith('dump'):
            args += ['--dump', str(folder / 'predictions.pkl')]
        return [*args, '--seed', str(self.setting.seed), *self.options]


def make_plan(encoder: str, dataset: str, tasks: Collection[str], streams: Sequence[str], seeds: Sequence[int],
              draws: int, epochs: Optional[int] = None, options: Sequence[str] = ()) -> List[List[Step]]:
    """Lanes of steps, each in its order; ablations, and HiCo with them, have linear and k-NN evaluation, on joints."""
    lanes = []
    tasks = {*tasks, 'linear', 'knn'} if 'ablations' in tasks else tasks
    for seed in seeds:
        for stream in streams:
            lanes.append(list(lane(Setting(encoder, dataset, stream, seed), tasks, draws, epochs, options)))
        for variant in ABLATIONS if 'ablations' in tasks else ():
            lanes.append(list(lane(Setting(encoder, dataset, 'joint', seed, variant), ('linear', 'knn'), draws, epochs,
                                   options)))
    return lanes


def lane(setting: Setting, tasks: Collection[str], draws: int, epochs: Optional[int],
         options: Sequence[str]) -> Iterator[Step]:
    """Pretraining, then what is done with the encoder."""
    config = Config.fromfile(setting.config)
    length = epochs or config.train_cfg.max_epochs
    shared = (f'model.data_preprocessor.stream={setting.stream}', *options)
    encoder = Path(setting.name) / 'pretrain' / f'epoch_{length}.pth'
    yield Step(setting, 'pretrain', 'train.py', setting.config, options=(
        '--epochs', str(length), '--cfg-options', *shared))
    shared += tuple(encoder_options(setting, config))
    linear = ('linear', ) if {'linear', 'fusion'} & {*tasks} else ()
    for task in (*linear, *(t for t in ('knn', 'finetune', 'transfer', 'semi1', 'semi10') if t in tasks)):
        if task == 'transfer' and setting.dataset not in SOURCES:
            continue
        # Another data set has files and splits of its own.
        suitable = [o for o in shared if not (task == 'transfer' and '_dataloader.dataset.' in o)]
        for draw in range(draws) if task.startswith('semi') else (None, ):
            drawn = () if draw is None else (f'train_dataloader.dataset.subset.seed={draw}', )
            yield Step(setting, task, 'test.py' if task == 'knn' else 'train.py', downstream_config(setting, task),
                       encoder, ('--cfg-options', *suitable, *drawn), draw)
    if 'fusion' in tasks:
        head = Config.fromfile(downstream_config(setting, 'linear'))
        last = Path(setting.name) / 'linear' / f'epoch_{head.train_cfg.max_epochs}.pth'
        split = head.train_dataloader.dataset.split
        for task, more in ('dump', ()), ('dump_train', (f'test_dataloader.dataset.split={split}', )):
            yield Step(setting, task, 'test.py', downstream_config(setting, 'linear'), last,
                       ('--cfg-options', *shared, *more))


def downstream_config(setting: Setting, task: str) -> Path:
    """The config of a downstream task."""
    name = f'hico_{setting.encoder}_{setting.dataset}'
    if task == 'transfer':
        return CONFIGS / 'transfer' / f'{name}_to_pku2.py'
    return CONFIGS / task.rstrip('01') / f'{name}_{task}.py'


def encoder_options(setting: Setting, config: Config) -> List[str]:
    """What the encoder of an ablation needs to be built downstream, where it differs from the plain one."""
    if not setting.variant:
        return []
    plain = Config.fromfile(setting._replace(variant='').config)
    options = []
    for part in 'backbone', 'neck':
        before = dict(flatten(plain.model[part]))
        for key, value in flatten(config.model[part]):
            if before.get(key) != value:
                text = f'[{",".join(value)}]' if isinstance(value, (list, tuple)) else str(value)
                options.append(f'model.{part}.{key}={text}')
    return options


def flatten(tree: Dict, prefix: str = '') -> Iterator[Tuple[str, object]]:
    """Leaves of nested dicts by dotted keys."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from flatten(value, f'{prefix}{key}.')
        else:
            yield f'{prefix}{key}', value
