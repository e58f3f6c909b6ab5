"""Check that several processes give the same results as one.

    python -m tools.stress.ranks

It compares ten steps on the same batches (losses, gradients, queues, weights), training with tools/dist_train.sh, and
k-NN with tools/dist_test.sh for numbers of clips that cannot be divided evenly among the processes.
"""

import json
import pickle
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence

import numpy as np
import torch
import torch.distributed as dist
from mmaction.registry import MODELS
from mmengine.model import MMDistributedDataParallel
from mmengine.registry import init_default_scope

from hico_mm.checkpoints import load_checkpoint
from hico_mm.fileio import dump_pickle
from tests.helpers import small_model

from .common import ROOT, Report, check_parser, last_line, make_demo, run_command, scratch_folder, write_configs

WORLDS = (2, 4)
TOLERANCE = dict(float64=1e-9, float32=5e-6)
STEPS, BATCH = 10, 8
SAME = 'same as with one process'
GALLERIES = ((13, 7), (17, 9), (3, 1), (64, 33))  # numbers of gallery clips and of queries
VIEWS = ("[[dict(type='CenterCropResize', clip_len=32, ratio=0.95)], "
         "[dict(type='CenterCropResize', clip_len=32, ratio=0.6)]]")
# Nothing is random, and the queues hold whole batches.
FIXED = f"""_base_ = './pretrain.py'
model = dict(data_preprocessor=dict(train_views={VIEWS}), neck=dict(encoder=dict(_delete_=True, type='LSTMEncoder')),
             head=dict(queue_length=64))
train_cfg = dict(max_epochs=2, val_begin=1, val_interval=1)
"""


def free_port() -> str:
    """Return a port that nothing listens on."""
    with socket.socket() as free:
        free.bind(('127.0.0.1', 0))
        return str(free.getsockname()[1])


def train_steps(rank: int, world: int, dtype: torch.dtype, folder: Path) -> None:
    """Take ten steps on this process's part of each batch; save losses, gradients, weights and queues."""
    torch.set_num_threads(1)
    if world > 1:
        dist.init_process_group('gloo', init_method=f'file://{folder}/store', rank=rank, world_size=world)
    init_default_scope('mmaction')
    torch.manual_seed(0)
    torch.set_default_dtype(dtype)
    model = MODELS.build(small_model(**{'head.queue_length': 20})).to(dtype)
    wrapped: Any = MMDistributedDataParallel(model, broadcast_buffers=False) if world > 1 else model
    optimizer = torch.optim.SGD(model.parameters(), 0.05, momentum=0.9)
    generator = torch.Generator().manual_seed(0)
    values: Dict[str, torch.Tensor] = {}
    for step in range(STEPS):
        batch = torch.randn(BATCH, 2, 2, 8, 25, 3, generator=generator, dtype=torch.float64).to(dtype)
        losses = wrapped(batch.chunk(world)[rank], None, mode='loss')
        optimizer.zero_grad()
        torch.stack([value for name, value in losses.items() if name.startswith('loss')]).sum().backward()
        optimizer.step()
        values.update({f'losses {step} {name}': value.detach() for name, value in losses.items() if 'loss' in name})
        values.update({f'gradients {step} {name}': p.grad.clone() for name, p in model.named_parameters()
                       if p.grad is not None})
    values.update({f'weights {name}': value for name, value in model.state_dict().items() if 'queues' not in name})
    values.update({f'queues {name}': value for name, value in model.state_dict().items() if 'queues' in name})
    torch.save(values, folder / f'{world}_{rank}.pth')


def run_steps(world: int, dtype: str, folder: Path) -> List[Dict[str, torch.Tensor]]:
    """Take ten steps in several processes; return what each of them saved."""
    (folder / 'store').unlink(missing_ok=True)
    processes = [subprocess.Popen([sys.executable, '-m', 'tools.stress.ranks', '--worker', str(rank), str(world), dtype,
                                   str(folder)], cwd=ROOT) for rank in range(world)]
    if any([process.wait(300) for process in processes]):
        raise RuntimeError(f'one of {world} processes failed')
    return [torch.load(folder / f'{world}_{rank}.pth', weights_only=True) for rank in range(world)]


def step_faults(world: int, dtype: str, folder: Path) -> List[str]:
    """Return how ten steps in several processes differ from ten steps in one."""
    one, many = run_steps(1, dtype, folder)[0], run_steps(world, dtype, folder)
    largest: Dict[str, float] = {}
    for name, value in one.items():
        kind = name.split()[0]
        ours = [values[name].double() for values in many]
        got = torch.stack(ours).mean(0) if kind == 'losses' else ours[0]  # each process has the loss of its own clips
        largest[kind] = max(largest.get(kind, 0), float((got - value.double()).abs().max()))
        if kind != 'losses':
            apart = max(float((x - ours[0]).abs().max()) for x in ours)
            largest['processes'] = max(largest.get('processes', 0), apart)
    return [f'{kind} differ: by {value:.2g}' for kind, value in largest.items() if value > TOLERANCE[dtype]]


def train(configs: Path, world: int, folder: Path) -> Path:
    """Train for two epochs in ``world`` processes with the same total batch; return the last checkpoint."""
    shutil.rmtree(folder, ignore_errors=True)
    done = run_command('bash', ROOT / 'tools/dist_train.sh', configs / 'fixed.py', world, '--work-dir', folder,
                       '--seed', 0, '--cfg-options', f'train_dataloader.batch_size={32 // world}', PORT=free_port())
    if done.returncode:
        raise RuntimeError(f'the command with {world} processes failed: {last_line(done.stdout)}')
    return folder / 'epoch_2.pth'


def training_faults(one: Path, many: Path) -> List[str]:
    """Return how two training runs differ: weights, sets of keys in the queues, logged losses and accuracies."""
    first, second = (load_checkpoint(path)['state_dict'] for path in (one, many))
    largest = dict(weights=0.0, queues=0.0)
    for name, value in first.items():
        other, kind = second[name], 'queues' if name.endswith('features') else 'weights'
        if kind == 'queues':  # the same keys in another order
            value, other = (keys[keys[:, 0].argsort()] for keys in (value, other))
        largest[kind] = max(largest[kind], float((value.double() - other.double()).abs().max()))
    faults = [f'{kind} differ: by {value:.2g}' for kind, value in largest.items() if value > 1e-5]
    for key in ('loss', 'acc/top1'):
        values = [[row[key] for file in sorted(path.parent.glob('*/vis_data/scalars.json'))
                   for row in map(json.loads, file.read_text().splitlines()) if key in row] for path in (one, many)]
        if len(values[0]) != len(values[1]) or not np.allclose(values[0], values[1], atol=1e-4):
            faults.append(f'logged {key} differs: ends with {values[0][-2:]} and {values[1][-2:]}')
    return faults


def search(configs: Path, checkpoint: Path, data: Path, world: int, dump: Path) -> Dict[str, np.ndarray]:
    """Run k-NN in ``world`` processes; return the votes by clip name, and the accuracy."""
    dump.unlink(missing_ok=True)
    done = run_command('bash', ROOT / 'tools/dist_test.sh', configs / 'fixed.py', checkpoint, world, '--dump', dump,
                       '--work-dir', dump.parent / 'search', '--cfg-options',
                       f'train_dataloader.dataset.ann_file={data}', f'test_dataloader.dataset.ann_file={data}',
                       PORT=free_port())
    if done.returncode:
        raise RuntimeError(f'the command with {world} processes failed: {last_line(done.stdout)}')
    found = {sample['frame_dir']: np.asarray(sample['pred_score']) for sample in pickle.loads(dump.read_bytes())}
    return {**found, 'acc/top1': np.array(float(re.findall(r'acc/top1: ([0-9.]+)', done.stdout)[-1]))}


def search_faults(one: Dict[str, np.ndarray], many: Dict[str, np.ndarray]) -> List[str]:
    """Return how the results of two searches differ."""
    if one.keys() != many.keys():
        return [f'clips differ: {len(many)} instead of {len(one)}, or other names']
    wrong = [name for name in one if not np.allclose(one[name], many[name], atol=1e-5)]
    return [f'votes differ: {len(wrong)} clip(s), first {wrong[:3]}'] if wrong else []


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Compare several processes with one and return the exit status."""
    parser = check_parser(__doc__)
    parser.add_argument('--worker', nargs=4, metavar=('RANK', 'PROCESSES', 'DTYPE', 'FOLDER'),
                        help='take the ten steps as one of several processes; for internal use')
    args = parser.parse_args(argv)
    if args.worker:
        rank, world, dtype, folder = args.worker
        train_steps(int(rank), int(world), getattr(torch, dtype), Path(folder))
        return 0
    scratch = scratch_folder(args, 'ranks')
    data = make_demo(scratch)
    configs = write_configs(scratch / 'configs', data)
    (configs / 'fixed.py').write_text(FIXED)
    report = Report('ranks', len(WORLDS) * (len(TOLERANCE) + 1) + len(GALLERIES) * 3)
    for dtype in TOLERANCE:
        for world in WORLDS:
            report.trial(f'ten steps in {dtype}, {world} processes', step_faults(world, dtype, scratch), SAME)
    one = train(configs, 1, scratch / 'fixed1')
    for world in WORLDS:
        faults = training_faults(one, train(configs, world, scratch / f'fixed{world}'))
        report.trial(f'training with {world} processes', faults, SAME)
    content, part = pickle.loads(data.read_bytes()), scratch / 'part.pkl'
    for gallery, queries in GALLERIES:
        split = {name: content['split'][name][:size] for name, size in (('xsub_train', gallery), ('xsub_val', queries))}
        dump_pickle(dict(content, split=split), part)
        alone = search(configs, one, part, 1, scratch / 'dump.pkl')
        for world in (2, 3, 4):
            faults = search_faults(alone, search(configs, one, part, world, scratch / 'dump.pkl'))
            report.trial(f'{queries} queries, {gallery} gallery clips, {world} processes', faults, SAME)
    return report.end()


if __name__ == '__main__':
    sys.exit(main())
