"""The documentation: every command of it is run, in the order of its page, on small data.

A line in a block of ``bash`` is a command. Blocks of ``shell`` need what a test has not: a download, GPUs, a cluster.
"""

import re
import shlex
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from hico_mm.cli.main import COMMANDS, main
from hico_mm.datasets import load_plain_pickle
from hico_mm.demo import make_recordings
from hico_mm.fileio import dump_pickle
from hico_mm.wiring import load_config, run_name
from tests.cli.mistakes import inside
from tests.conftest import ROOT, forget_runs
from tests.converters import own
from tests.converters.test_pku import make_part, recording_text
from tests.helpers import make_annotation, skeleton_text

PAGES = [ROOT / 'README.md', ROOT / 'projects_readme.md', ROOT / 'configs' / 'README.md',
         *sorted((ROOT / 'docs').rglob('*.md'))]
ELSEWHERE = (  # commands that other tests run
    'hico-mm demo', 'bash tools/', 'python -m ', 'mim ', 'python HICO/', 'mkdocs ', 'source ', 'export ')
PROGRAMS = hasattr(torch.export, 'Dim')  # not in the oldest PyTorch
IN_PROCESS = [f'{part}_dataloader.{option}' for part in ('train', 'val', 'test')
              for option in ('num_workers=0', 'persistent_workers=False')]


def commands_of(text):
    """The commands of a page; a line that ends with a backslash goes on in the next."""
    for block in re.findall(r'^```bash\n(.*?)^```', text, re.MULTILINE | re.DOTALL):
        for line in block.replace('\\\n', ' ').splitlines():
            if line.strip() and not line.lstrip().startswith('#'):
                yield line


def runnable(path):
    values = {}
    commands = []
    for command in commands_of(path.read_text()):
        command = re.sub(r'\$(\w+)', lambda match: values.get(match[1], match[0]), command)
        assigned = re.fullmatch(r'(\w+)="(.*)"', command)
        if assigned:
            values[assigned[1]] = assigned[2]
        elif not command.startswith(ELSEWHERE) and (PROGRAMS or not command.endswith('.pt2')):
            commands.append(command)
    return commands


def clips(layout, persons, name, splits):
    """An annotation whose clips are called by a pattern of their number, class, subject and camera."""
    annotation = make_annotation(layout, num_persons=persons, num_classes=5, per_class=8)
    names = [name.format(i=i, label=i % 5 + 1, subject=i // 5 % 4 + 8, view=i % 3 + 1) for i in range(40)]
    for clip, new in zip(annotation['annotations'], names):
        clip['frame_dir'] = new
    return dict(annotation, split={split: names[start::2] for split, start in splits.items()})


@pytest.fixture(scope='module')
def world(tmp_path_factory):
    """A folder with data of every kind that the documentation names."""
    folder = tmp_path_factory.mktemp('world')
    ucla = clips('nw_ucla', 1, 'a{label:02}_s{subject:02}_e{i:02}_v{view:02}',
                 dict(xview_train=0, xview_val=1, xview_val_distinct=1))
    sides = {f'{protocol}_{side}': start for protocol in ('xsub', 'xview', 'xset')
             for side, start in (('train', 0), ('val', 1))}
    kinect = clips('ntu', 2, 'S001C00{view}P0{subject:02}R{i:03}A{label:03}', sides)
    mine = clips(dict(name='mine', parents=[0, 0, 1, 1, 3, 4, 1, 6, 7, 0, 0, 9, 10], center=0), 1, 'mine{i}',
                 dict(train=0, val=1))
    flat = make_annotation('coco', num_persons=2, num_classes=5, per_class=8, channels=2)
    flat['split'] = dict(xsub_train=flat['split']['train'], xsub_val=flat['split']['val'])
    annotations = {'nwucla/nwucla': ucla, 'ntu60/ntu60_2d': flat, 'mine/mine': mine, **dict.fromkeys(
        ('ntu60/ntu60', 'ntu60/ntu60_3d', 'ntu120/ntu120', 'pku/pku1', 'pku/pku2', 'demo/demo'), kinect)}
    for name, annotation in annotations.items():
        dump_pickle(annotation, folder / f'data/{name}.pkl')
        shutil.copy(folder / f'data/{name}.pkl', folder / f'data/{name}.whole')
    make_recordings(folder / 'nturgb+d_skeletons', num_subjects=4, workers=1)
    for name in 'missing60.txt', 'missing120.txt':
        shutil.copy(folder / 'nturgb+d_skeletons' / 'missing.txt', folder / name)
    make_part(folder / 'PKUMMD', {'0002-L': (recording_text(10), '17,2,4,1\n51,9,10,2\n'),
                                  '0003-R': (recording_text(5), '1,1,5,2\n')}, ['0002-L'], ['0003-R'])
    make_part(folder / 'PKUMMD/II', {'A01N01-L': (recording_text(10), '17,2,4,1\n'),
                                     'A01N02-R': (recording_text(5), '1,1,5,2\n')},
              ['A01N01-L'], ['A01N02-R'], skeletons='v2/skeletons', labels='v2/labels', suffix='_v2')
    figures = np.load(ROOT / 'tests/data/released_figures.npz')
    weights = {name.partition('/')[2]: torch.from_numpy(value) for name, value in figures.items()
               if name.startswith('state_dict/')}
    torch.save(dict(epoch=0, state_dict=weights), folder / 'checkpoint_0450.pth.tar')
    (folder / 'all_sqe').mkdir()
    for name in 'a01_s01_e01_v01', 'a01_s01_e01_v03':
        numbers = ', '.join(str([[round(float(x), 2) for x in joint] for joint in frame])
                            for frame in np.random.default_rng(0).normal(size=(4, 20, 3)))
        (folder / 'all_sqe' / f'{name}.json').write_text(f'{{"label": 1, "skeletons": [{numbers}]}}')
    make_poses(folder)
    example, = (block for block in re.findall(r'```python\n(.*?)```', (ROOT / 'docs/data.md').read_text(), re.DOTALL)
                if "name='mine'" in block)
    (folder / 'configs/hico').mkdir(parents=True)
    for name, base in (('mine', 'hico_gru_nwucla'), ('mine_linear', 'linear/hico_nwucla_linear')):
        text = example.replace('./hico_gru_nwucla', f'{ROOT}/configs/hico/{base}')
        (folder / f'configs/hico/{name}.py').write_text(text)
    example, = (block for block in re.findall(r'```python\n(.*?)```', (ROOT / 'docs/data.md').read_text(), re.DOTALL)
                if 'demo_2d.pkl' in block)
    text = example.replace('./hico_lstm', f'{ROOT}/configs/hico/hico_lstm')
    (folder / 'configs/hico/mine_2d.py').write_text(text)
    return folder


def make_poses(folder):
    """Recordings of the reader's own, in every format."""
    for i in range(4):
        label = ('wave', 'jump')[i % 2]
        own.mmpose(folder / 'poses' / label / f'clip{i // 2 + 1}.json', [own.picture('coco', seed=i)])
        own.mmpose(folder / 'mmpose_results' / f'{i}.json')
        own.mmaction(folder / 'mmaction_results' / f'{i}.pkl')
        own.openpose(folder / 'openpose_results' / f'{i}')
        own.mediapipe(folder / 'mediapipe_results' / f'{i}.json')
        own.azure(folder / 'azure_results' / f'{i}.json')
        own.write(folder / 'kinect_results' / f'{i}.skeleton', skeleton_text([[('1', own.body('ntu')[0])]]))
        rows = own.body('ntu').reshape(12, 75).tolist()
        own.write(folder / 'arrays' / f'{i}.csv', '\n'.join(','.join(map(str, row)) for row in rows))
        rows = 100 * own.body('nw_ucla').reshape(12, 60)
        own.write(folder / 'traces' / f'{i}.trace', '\n'.join(
            f'{t} ' + ' '.join(map(str, row)) for t, row in enumerate(rows.tolist())))
    text = (ROOT / 'docs/extending.md').read_text()
    reader, = (block for block in re.findall(r'```python\n(.*?)```', text, re.DOTALL) if 'register_reader' in block)
    (folder / 'my_reader.py').write_text(reader)


def fill_in(manifest):
    """What the reader does with a manifest: say who is in each clip."""
    subjects = {'1': 'anna', '2': 'ben'}
    manifest.write_text(re.sub(r'(clip(\d)\.json,\w+),,,', lambda row: f'{row[1]},{subjects[row[2]]},left,',
                               manifest.read_text()))


def pretrained_by(path):
    """The command that writes a checkpoint that a page takes for granted."""
    name = Path(path).parent.name.replace('pretrain', 'hico_lstm_demo')
    config, _, fragment = name.partition('_stgcn')
    if fragment or name.endswith('_stgcn'):
        return f'hico-mm train {config} --with configs/hico/graph/stgcn.py'
    if re.search('_(linear|finetune|semi)$', name):
        return f'hico-mm train {name} --pretrained work_dirs/hico_gru_nwucla/epoch_451.pth'
    return f'hico-mm train {name}'


def shortened(words):
    """A command of training, for an epoch of a narrow model on few clips."""
    if words[0] in ('test', 'extract'):
        own = [] if re.search('knn|linear|semi|finetune|stgcn', words[1]) else [
            'model.backbone.channels=16', 'model.data_preprocessor.clip_len=16']
        return [*words, '--cfg-options', *IN_PROCESS, *own]
    if words[0] not in ('train', 'reproduce', 'demo', 'make-demo'):
        return words
    if words[0] == 'make-demo':
        return words if '--long' in words else [*words, '--num-subjects', '4', '--workers', '1']
    if '--epochs' in words:
        place = words.index('--epochs')
        words = words[:place] + words[place + 2:]
    if words[0] == 'reproduce':
        return words if '--plan' in words else [*words, '--plan']
    options = list(IN_PROCESS)
    if '--pretrained' not in words:
        options.append(f'model.backbone.{"base_" * ("stgcn" in " ".join(words))}channels=16')
        if words[1] == 'hico_gru_nwucla':  # its recurrence is exported, step by step
            options.append('model.neck.num_granularities=1')
        if words[1] != 'hico_stgcn_demo':  # whose pipeline sets the length
            options.append(f'model.data_preprocessor.clip_len={32 if "stgcn" in " ".join(words) else 16}')
        options.append('train_dataloader.batch_size=4')
    if 'val_dataloader=None' in words:
        options = [option for option in options if not option.startswith('val')]
    return [*words, '--epochs', '1', '--cfg-options', *options]


def run(command, world):
    """Run a command, and what it takes for granted; returns its exit status."""
    words = shlex.split(command, comments=True)
    assert words[0] == 'hico-mm' and words[1:2] and words[1] in COMMANDS, f'{command}: no command of hico-mm'
    for path in (word for word in words if re.fullmatch(r'work_dirs/.*\.pth', word)):
        if not (world / path).exists() and words[words.index(path) - 1] != '--out':
            source = world / Path(path).parent / 'epoch_1.pth'
            if not source.exists():
                assert run(f'{pretrained_by(path)} --work-dir {Path(path).parent}', world) == 0, path
            shutil.copy(source, world / path)
    if not (world / 'stgcn.pkl').exists() and (world / 'joint.pkl').exists():
        dump = load_plain_pickle(world / 'joint.pkl', tensors=True)
        for sample in dump:  # MMAction2's own dumps have no names
            del sample['frame_dir']
        dump_pickle(dump, world / 'stgcn.pkl')
    forget_runs()
    if words[1] == 'make-demo':  # a page before may have made it
        shutil.rmtree(world / words[words.index('--out') + 1], ignore_errors=True)
    try:
        with inside(world):
            status = main(shortened(words[1:]))
            if '--init' in words:
                fill_in(Path(words[-1]))
            return status
    except SystemExit as stop:
        return stop.code or 0
    finally:
        for whole in (world / 'data').rglob('*.whole'):  # what was converted is too little to train on
            shutil.copy(whole, whole.with_suffix('.pkl'))


def trained(commands):
    """The folder and the last epoch of each training. Small configs train longer on data smaller than NW-UCLA."""
    for words in map(shlex.split, commands):
        if words[1] == 'train':
            options = dict(zip(words, words[1:]))
            fragments = [options['--with']] if '--with' in options else []
            schedule = load_config(words[2], fragments).train_cfg
            assert '--epochs' in options or 'min_steps' not in schedule or words[2].endswith('nwucla_small'), words
            folder = options.get('--work-dir', f'work_dirs/{run_name(words[2], fragments)}')
            yield folder, int(options.get('--epochs', schedule.max_epochs))


def test_checkpoints_have_the_epochs_of_their_runs(world):
    """Commands are shortened when they run, so this looks at the names of the checkpoints."""
    with inside(world):
        lengths = {folder: epochs for page in PAGES for folder, epochs in trained(runnable(page))}
    for page in PAGES:
        for folder, epoch in re.findall(r'(work_dirs/[\w-]+)/epoch_(\d+)\.pth', page.read_text()):
            assert lengths[folder] == int(epoch), f'{page}: {folder}/epoch_{epoch}.pth'


@pytest.mark.parametrize('page', filter(runnable, PAGES), ids=lambda page: str(page.relative_to(ROOT)))
def test_the_commands_of_a_page(page, world, capsys):
    for command in runnable(page):
        status = run(command, world)
        said = capsys.readouterr()
        assert status == 0 or 'hico-mm check' in command, f'{command}\n{said.out[-1500:]}{said.err[-1500:]}'


@pytest.mark.parametrize('page', PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere_and_nothing_is_left_to_fill_in(page):
    text = page.read_text()
    assert not re.findall(r'\b[A-Z]+_TABLE\b|\bMEM_|\bDISK_|\bTODO\b|\bTBD\b', text)
    for target in re.findall(r'\]\(([^)#\s]+)(?:#[\w-]*)?\)', re.sub(r'```.*?```', '', text, flags=re.DOTALL)):
        assert '://' in target or (page.parent / target).exists(), target


def test_paths_of_the_repository_exist():
    for page in PAGES:
        if page.name == 'errors.md':  # which names configs of earlier versions
            continue
        pattern = r'(?<![\w/])(?:tools|configs|tests|hico_mm|benchmarks|\.ci)/[\w/.-]+\.(?:py|sh)'
        for path in set(re.findall(pattern, page.read_text())):
            written = '/mine' in path or 'DATASET' in path  # by the reader
            assert written or (ROOT / path).exists(), f'{page}: {path}'


def test_the_readme_is_short():
    assert len((ROOT / 'README.md').read_text().splitlines()) <= 150
