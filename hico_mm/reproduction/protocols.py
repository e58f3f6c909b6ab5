"""The datasets of the experiments, with their configs and splits."""

from typing import Dict, NamedTuple, Tuple

ENCODERS = dict(gru='GRUEncoder', lstm='LSTMEncoder', transformer='TransformerEncoder')
BASELINES = ('raw', 'untrained', 'scratch', 'scratch10', 'scratch1')  # these need no pretraining
TASKS = (*BASELINES, 'linear', 'knn', 'semi1', 'semi10', 'finetune', 'transfer', 'fusion', 'ablations')


class Protocol(NamedTuple):
    """A dataset with its splits, as used in the experiments.

    Args:
        pretraining: Name of the pretraining config, with ``{encoder}``.
        linear: Name of the config of linear evaluation.
        downstream: Name of the dataset in the other downstream configs.
        tasks: The tasks that apply; all by default.
        options: Options for every command.
        stream: The stream of the pretraining config.
        encoder: The encoder of the pretraining config, if its name does not have it.
    """

    pretraining: str
    linear: str
    downstream: str
    tasks: Tuple[str, ...] = TASKS
    options: Tuple[str, ...] = ()
    stream: str = 'joint'
    encoder: str = ''


def _splits(name: str) -> Tuple[str, ...]:
    return (f'train_dataloader.dataset.split={name}_train', f'val_dataloader.dataset.split={name}_val',
            f'test_dataloader.dataset.split={name}_val')


SMALL = 'joint+motion'  # the stream of the recipe for small datasets
DEMO = Protocol('demo/hico_lstm_demo', 'hico_demo_linear', 'demo', ('raw', 'untrained', 'linear', 'knn', 'fusion'),
                encoder='lstm', stream=SMALL)
POSES_2D = ('ntu60-2d', 'hmdb51-2d', 'ucf101-2d', 'gym-2d')
PROTOCOLS: Dict[str, Protocol] = {
    **{name: Protocol(f'hico_{{encoder}}_{name}', f'hico_{name}_linear', name)
       for name in ('ntu60', 'ntu60-xview', 'ntu120', 'ntu120-xset', 'pku1', 'pku2', 'nwucla')},
    'nwucla_small': Protocol('hico_{encoder}_nwucla_small', 'hico_nwucla_small_linear', 'nwucla', stream=SMALL),
    **{name: Protocol(f'hico_{name}', f'hico_{name}_linear', name, ('raw', 'untrained', 'linear', 'fusion'),
                      encoder='gru') for name in POSES_2D},
    'demo': DEMO,
    'demo-xview': DEMO._replace(options=_splits('xview')),
}
