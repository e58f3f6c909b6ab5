"""The experiments of the paper as commands: what `reproduce.py` runs."""

from pathlib import Path
from typing import Any, Collection, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from ..shipped import CONFIGS
from .protocols import BASELINES, ENCODERS, PROTOCOLS, TASKS, Protocol

# The changes of each ablation: a fragment of configs/hico/ablations, or options.
ABLATIONS: Dict[str, Tuple[str, ...]] = {
    **{name: ('--with', f'configs/hico/ablations/{name}.py')
       for name in ('temporal', 'spatial', 'instance', 'domain', 'paper-udm')},
    **{f'granularities{n}': ('--cfg-options', f'model.neck.num_granularities={n}') for n in (1, 2, 3)},
    'released-queue': ('--cfg-options', 'model.head.wrap_at=queue_length'),
}
SOURCES = ('ntu60', 'pku1')  # source datasets of the transfer to pku2
SEMI = ('--with', 'configs/hico/semi/semi.py')
FRACTIONS = dict(semi1=0.01, semi10=0.1, scratch1=0.01, scratch10=0.1)


class Setting(NamedTuple):
    """The setting in which an encoder is pretrained."""

    encoder: str
    dataset: str
    stream: str = 'joint'
    seed: int = 0
    variant: str = ''

    @property
    def protocol(self) -> Protocol:
        """The protocol of its dataset."""
        return PROTOCOLS[self.dataset]

    @property
    def config(self) -> Path:
        """The pretraining config."""
        return CONFIGS / 'hico' / f'{self.protocol.pretraining.format(encoder=self.encoder)}.py'

    @property
    def name(self) -> str:
        """Its folder."""
        return f'{self.dataset}/{self.encoder}/{self.variant or "hico"}/{self.stream}/seed{self.seed}'

    @property
    def untrained(self) -> Path:
        """The config used for its untrained encoder, relative to the output folder."""
        return Path(self.name) / 'untrained.py'

    @property
    def raw(self) -> Path:
        """The config used for raw coordinates, relative to the output folder."""
        return Path(self.name) / 'raw_coordinates.py'

    @property
    def arguments(self) -> Tuple[str, ...]:
        """The arguments for encoder, stream and ablation in the command line of pretraining."""
        fragments = tuple(word for word in ABLATIONS.get(self.variant, ()) if self.variant)
        options = [] if self.protocol.encoder in ('', self.encoder) else [
            f'model.neck.encoder.type={ENCODERS[self.encoder]}']
        if self.stream != self.protocol.stream:
            options.append(f'model.data_preprocessor.stream={self.stream}')
        return (*fragments, '--cfg-options', *options) if options else fragments


class Step(NamedTuple):
    """A command that runs once.

    Args:
        setting: The setting of pretraining.
        task: 'pretrain', a downstream task, 'dump' or 'dump_train'.
        tool: 'train' or 'test'.
        config: Config file.
        source: The file that the encoder is taken from: a path relative to the output folder, or an absolute one.
        arguments: Further arguments.
        draw: Number of the labelled subset.
        changes: For a baseline, the changes to the pretraining config that it starts from.
    """

    setting: Setting
    task: str
    tool: str
    config: Path
    source: Optional[Path] = None
    arguments: Tuple[str, ...] = ()
    draw: Optional[int] = None
    changes: Tuple[str, ...] = ()

    @property
    def options(self) -> Dict[str, Tuple[str, ...]]:
        """All options that its result depends on."""
        return dict(options=self.arguments, changes=self.changes)

    @property
    def name(self) -> str:
        """Its folder."""
        return f'{self.setting.name}/{self.task}' + ('' if self.draw is None else f'/draw{self.draw}')

    def command(self, out: Path) -> List[str]:
        """Return the command and its arguments for ``hico-mm``. Training that was started before is resumed."""
        folder = out / self.name
        args = [self.tool, _shown(self.config), '--work-dir', str(folder)]
        source = None if self.source is None else _shown(out / self.source)
        if self.tool == 'test':
            args.insert(2, str(source))
        else:
            args += ['--resume', *(['--pretrained', source] if source else [])]
        if self.task.startswith('dump'):
            args += ['--dump', str(folder / 'predictions.pkl')]
        return [*args, '--seed', str(self.setting.seed), *self.arguments]


class Plan(NamedTuple):
    """The requested experiments.

    Args:
        tasks: Tasks to run.
        draws: Number of labelled subsets per seed.
        epochs: Epochs of pretraining, or None for the value in the config.
        pretraining: Further ``--cfg-options`` for pretraining only; other tasks take the encoder from the checkpoint.
        every: Further ``--cfg-options`` for every command.
    """

    tasks: Collection[str]
    draws: int = 5
    epochs: Optional[int] = None
    pretraining: Tuple[str, ...] = ()
    every: Tuple[str, ...] = ()

    def changes(self, setting: Setting) -> Tuple[str, ...]:
        """Return the changes to the config in the command line of pretraining."""
        return (*setting.arguments, *_options(*setting.protocol.options, *self.every, *self.pretraining))

    def lanes(self, encoder: str, dataset: str, streams: Sequence[str], seeds: Sequence[int]) -> List[List[Step]]:
        """Return lanes of ordered steps. Without streams, the config's own is used, as always in ablations."""
        lanes, own = [], PROTOCOLS[dataset].stream
        tasks = {*self.tasks, 'linear', 'knn'} if 'ablations' in self.tasks else {*self.tasks}
        for seed in seeds:
            lanes += [list(self._replace(tasks=tasks).lane(Setting(encoder, dataset, stream, seed)))
                      for stream in streams or [own]]
            for variant in ABLATIONS if 'ablations' in tasks else ():
                setting = Setting(encoder, dataset, own, seed, variant)
                lanes.append(list(self._replace(tasks=('linear', 'knn')).lane(setting)))
        return lanes

    def lane(self, setting: Setting) -> Iterator[Step]:
        """Yield pretraining, unless only baselines are requested, and then the steps that use the encoder."""
        config: Any = _read(setting.config)
        length = self.epochs or config.train_cfg.max_epochs
        trained = Path(setting.name) / 'pretrain' / f'epoch_{length}.pth'
        untrained = setting.untrained
        shared = (*setting.protocol.options, *self.every)
        if {*self.tasks} - {*BASELINES}:
            yield Step(setting, 'pretrain', 'train', setting.config, arguments=(
                '--epochs', str(length), *self.changes(setting)))
        if 'raw' in self.tasks:
            yield Step(setting, 'raw', 'train', _config(setting, 'linear'), setting.raw, _options(*shared),
                       changes=self.changes(setting))
        if 'untrained' in self.tasks:
            yield Step(setting, 'untrained', 'train', _config(setting, 'linear'), untrained, _options(*shared),
                       changes=self.changes(setting))
        linear = ('linear', ) if {'linear', 'fusion'} & {*self.tasks} else ()
        for task in (*linear, *(t for t in ('knn', 'finetune') if t in self.tasks)):
            tool = 'test' if task == 'knn' else 'train'
            yield Step(setting, task, tool, _config(setting, task), trained, _options(*shared))
        if 'scratch' in self.tasks:
            yield Step(setting, 'scratch', 'train', _config(setting, 'finetune'), untrained, _options(*shared),
                       changes=self.changes(setting))
        if 'transfer' in self.tasks and setting.dataset in SOURCES:
            own = [option for option in shared if '_dataloader.dataset.' not in option]  # not for pku2
            yield Step(setting, 'transfer', 'train', CONFIGS / 'hico/finetune/hico_pku2_finetune.py', trained,
                       _options(*own))
        for task in (task for task in FRACTIONS if task in self.tasks):
            for draw in range(self.draws):
                subset = (f'train_dataloader.dataset.subset.fraction={FRACTIONS[task]}',
                          f'train_dataloader.dataset.subset.seed={draw}')
                yield Step(setting, task, 'train', _config(setting, 'finetune'),
                           untrained if task in BASELINES else trained, (*SEMI, *_options(*shared, *subset)), draw,
                           self.changes(setting) if task in BASELINES else ())
        if 'fusion' in self.tasks:
            yield from self._dumps(setting, shared)

    def of_results(self, folder: Path, dataset: str) -> Iterator[Step]:
        """Yield the steps of this plan for every setting and task that a folder of an encoder has results of.

        Args:
            folder: The folder: OUT/DATASET/ENCODER.
            dataset: The dataset.
        """
        for place in sorted(folder.glob('*/*/seed*')):
            variant, stream, seed = place.relative_to(folder).parts
            if not seed.removeprefix('seed').isdecimal():
                continue
            setting = Setting(folder.name, dataset, stream, int(seed.removeprefix('seed')),
                              '' if variant == 'hico' else variant)
            draws = len(list(place.glob('*/draw*')))  # at least as many as each task has
            tasks = (*PROTOCOLS[dataset].tasks, 'linear')
            yield from self._replace(tasks=tasks, draws=draws).lane(setting)

    @staticmethod
    def _dumps(setting: Setting, shared: Tuple[str, ...]) -> Iterator[Step]:
        """Yield the steps that dump predictions of the linear classifier for test and training clips."""
        path = _config(setting, 'linear')
        head: Any = _read(path)
        own = (option for option in shared if option.startswith('train_dataloader.dataset.split='))
        head.merge_from_dict(dict(option.split('=', 1) for option in own))
        last = Path(setting.name) / 'linear' / f'epoch_{head.train_cfg.max_epochs}.pth'
        split = head.train_dataloader.dataset.split
        for task, more in ('dump', ()), ('dump_train', (f'test_dataloader.dataset.split={split}', )):
            yield Step(setting, task, 'test', path, last, _options(*shared, *more))


def inapplicable_tasks(datasets: Sequence[str], streams: Sequence[str]) -> Dict[str, str]:
    """Return the tasks that do not apply, with the reason as the rest of a sentence."""
    reasons = {}
    if len(streams) < 2:
        reasons['fusion'] = 'needs two or more --streams'
    if not all(dataset in SOURCES for dataset in datasets):
        reasons['transfer'] = f'to pku2 is only available from {" or ".join(SOURCES)}'
    for dataset in datasets:
        for task in TASKS:
            if task not in PROTOCOLS[dataset].tasks:
                reasons.setdefault(task, f'has no config for {dataset}')
    return reasons


def _options(*options: str) -> Tuple[str, ...]:
    return ('--cfg-options', *options) if options else ()


def _config(setting: Setting, task: str) -> Path:
    """Return the config of a downstream task."""
    name = setting.protocol.linear if task == 'linear' else f'hico_{setting.protocol.downstream}_{task}'
    return CONFIGS / 'hico' / task / f'{name}.py'


def _shown(path: Path) -> str:
    """Return a config of the package as ``configs/...``, which works in any folder, and other paths unchanged."""
    return str(path.relative_to(CONFIGS.parent) if path.is_relative_to(CONFIGS) else path)


def _read(path: Path) -> Any:
    from mmengine.config import Config  # takes a third of a second, and the arguments are parsed with this module

    return Config.fromfile(path)
