import json

import pytest

from hico_mm.errors import UserError
from hico_mm.visualization import plot_curves
from hico_mm.visualization.curves import read_scalars


@pytest.fixture
def work_dir(tmp_path):
    """Two runs, the second resumed."""
    rows = [[dict(epoch=1, step=5, loss_clip=4.0, acc_clip=.1), {'step': 1, 'acc/top1': .5},
             dict(epoch=2, step=10, loss_clip=3.0, acc_clip=.2)],
            [dict(epoch=2, step=10, loss_clip=2.5, acc_clip=.3), {'step': 2, 'acc/top1': .6}]]
    for stamp, lines in zip(('20260101_000000', '20260102_000000'), rows):
        folder = tmp_path / 'run' / stamp / 'vis_data'
        folder.mkdir(parents=True)
        (folder / 'scalars.json').write_text('\n'.join(map(json.dumps, lines)))
    return tmp_path / 'run'


def test_a_resumed_run_is_one_curve(work_dir):
    scalars = read_scalars(work_dir)
    assert scalars['loss_clip'] == {1: 4.0, 2: 2.5} and scalars['acc/top1'] == {1: .5, 2: .6}


def test_curves_hold_the_logged_values(work_dir):
    figure = plot_curves(dict(mine=work_dir))
    loss, _, knn = figure.axes
    assert [line.get_label() for line in loss.lines][0] == 'mine clip'
    assert loss.lines[0].get_xydata().tolist() == [[1, 4.0], [2, 2.5]]
    assert knn.lines[0].get_xydata().tolist() == [[1, .5], [2, .6]] and knn.lines[0].get_label() == 'mine'


def test_no_log(tmp_path):
    with pytest.raises(FileNotFoundError, match='has no log'):
        plot_curves(dict(mine=tmp_path))


def test_a_run_that_is_not_pretraining_is_refused(tmp_path):
    log = tmp_path / 'linear' / '1' / 'vis_data' / 'scalars.json'
    log.parent.mkdir(parents=True)
    log.write_text('{"acc/top1": 0.5, "step": 1}\n{"loss": 1.0, "loss_cls": 1.0, "step": 2}\n')
    with pytest.raises(UserError, match='linear is not a run of pretraining, since its log has no contrastive loss'):
        plot_curves(dict(linear=tmp_path / 'linear'))
