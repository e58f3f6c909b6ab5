"""Check gradients, edge cases and a long training run in bfloat16.

    python -m tools.stress.numerics
    python -m tools.stress.numerics --steps 20000

``--steps`` sets the length of the long run, which is repeated in float32 to compare the losses.
"""

import argparse
import math
import sys
from functools import partial
from typing import Any, Callable, Dict, List, Optional, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.registry import init_default_scope
from torch import Tensor

from hico_mm.apis import extract, init_model
from hico_mm.datasets.transforms import RaggedClips
from hico_mm.errors import UserError
from hico_mm.models.heads import FeatureQueue, HierarchicalContrastHead, KNNHead
from hico_mm.models.losses import info_nce
from hico_mm.structures import LEVELS
from tests.helpers import small_model

from .common import Report, check_parser

Trial = Callable[[], List[str]]
REFUSED: List[Dict[str, Any]] = [
    *({'head.temperature': value} for value in (0, -0.2, math.nan, math.inf, 'abc')),
    *({'momentum': value} for value in (-1, 2, math.nan)),
    *({'head.queue_length': value} for value in (0, -3)),
    *({'head.loss_weights': dict(clip=value)} for value in (-1.0, math.nan)),
    *({'neck.num_granularities': value} for value in (0, 9)),
    {'backbone.channels': 0}, {'data_preprocessor.num_persons': 0}, {'cls_head.k': 0}]


def unit(*shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """Return random vectors of unit length."""
    return F.normalize(torch.randn(*shape, dtype=dtype), dim=-1)


def loss_gradients() -> List[str]:
    """Compare the gradients of InfoNCE with finite differences."""
    negatives = unit(5, 4)
    inputs = unit(3, 4).requires_grad_(), unit(3, 2, 4).requires_grad_()
    torch.autograd.gradcheck(lambda query, keys: info_nce(query, keys, negatives), inputs)
    return []


def head_gradients() -> List[str]:
    """Compare the gradients of the whole head with finite differences."""
    head = HierarchicalContrastHead(dim=4, queue_length=6, num_granularities=2).double()
    shapes = {level: (3, 2, 4) if level in ('clip', 'part') else (3, 4) for level in LEVELS}
    keys = {level: unit(*shape) for level, shape in shapes.items()}
    queries = [unit(*shape).requires_grad_() for shape in shapes.values()]

    def loss(*values: Tensor) -> Tensor:
        losses = head.loss(dict(zip(shapes, values)), keys)
        return torch.stack([value for name, value in losses.items() if name.startswith('loss')]).sum()

    torch.autograd.gradcheck(loss, queries)
    return []


def finite_loss(query: Tensor, keys: Tensor, negatives: Tensor, temperature: float = 0.2) -> List[str]:
    """Return a fault if the loss or its gradient is not finite."""
    query = query.clone().requires_grad_()
    loss = info_nce(query, keys, negatives, temperature)
    loss.backward()
    assert query.grad is not None
    finite = loss.isfinite() and query.grad.isfinite().all()
    return [] if finite else [f'not finite: loss {float(loss):.3g} or its gradient']


def refused(action: Callable[[], Any]) -> List[str]:
    """Return a fault unless the action raises a UserError."""
    try:
        action()
    except UserError:
        return []
    except Exception as error:
        return [f'wrong error: {type(error).__name__}: {str(error)[:150]}']
    return ['not refused: no error was raised']


def build(**changes: Any) -> Any:
    """Return a small HiCo model."""
    return MODELS.build(small_model(**changes))


def queue_order() -> List[str]:
    """Check that only the last of too many keys stay in a queue, each in the right slot."""
    queue, keys = FeatureQueue(5, 3), unit(13, 3, dtype=torch.float32)
    queue.enqueue(keys)
    queue.enqueue(keys[:0])
    last = keys[[10, 11, 12, 8, 9]]
    return [] if torch.equal(queue.features, last) and int(queue.pointer) == 3 else ['wrong queue: keys or pointer']


def step_faults(model: Any, clips: Sequence[Tensor]) -> List[str]:
    """Return a fault if a training step leaves gradients or queues that are not finite."""
    inputs = model.data_preprocessor(dict(inputs=RaggedClips.from_clips(list(clips))), True)['inputs']
    losses = model.loss(inputs)
    torch.stack([value for name, value in losses.items() if name.startswith('loss')]).sum().backward()
    values = [p.grad for p in model.parameters() if p.grad is not None]
    values += [queue.features for queue in model.head.queues.values()]
    return [] if all(value.isfinite().all() for value in values) else ['not finite: gradients or queues']


def clips_with_an_edge() -> Dict[str, Tensor]:
    """Return unusual but valid clips (M, T, V, C), by description."""
    clip = torch.from_numpy(np.random.default_rng(0).normal(size=(2, 20, 25, 3)).astype('f4'))
    return {'of zeros': torch.zeros_like(clip), 'of one frame': clip[:, :1], 'of one person': clip[:1],
            'of three persons': torch.cat([clip, clip[:1]]), 'of 5000 frames': clip.repeat(1, 250, 1, 1),
            'of ones': torch.ones_like(clip), 'scaled by 10,000': clip * 1e4, 'scaled by 1e-30': clip * 1e-30}


def extract_faults(clip: np.ndarray) -> List[str]:
    """Return a fault if the features of a clip are not finite."""
    model = init_model(_config())
    return [] if np.isfinite(extract(model, [clip])).all() else ['not finite: features']


def _config() -> Any:
    from mmengine.config import Config
    dataset = dict(type='SkeletonDataset', layout='ntu', load_pipeline=[dict(type='NormalizeSkeleton')])
    return Config(dict(model=small_model(), test_dataloader=dict(dataset=dataset)))


def search(gallery: Tensor) -> List[str]:
    """Return a fault if votes of nearest neighbours are not finite or, unless the gallery is all zeros, wrong."""
    head = KNNHead(num_classes=4)
    head.set_gallery(gallery, torch.arange(4))
    votes = head(torch.eye(8)[:4])
    right = not gallery.any() or votes.argmax(1).tolist() == [0, 1, 2, 3]
    return [] if votes.isfinite().all() and right else [f'wrong votes: {votes.argmax(1).tolist()}']


def soak(steps: int) -> List[str]:
    """Train in float32 and bfloat16; return a fault if a loss is not finite or the final losses differ by over 5 %."""
    ends = {half: _soak(steps, half) for half in (False, True)}
    faults = [f'not finite: a loss in {_name(half)}' for half, end in ends.items() if not math.isfinite(end)]
    apart = abs(ends[True] - ends[False]) / ends[False]
    losses = ', '.join(f'{end:.3f} in {_name(half)}' for half, end in ends.items())
    return faults + ([f'final losses differ: {losses}'] if apart > 0.05 else [])


def _name(half: bool) -> str:
    return 'bfloat16' if half else 'float32'


def _soak(steps: int, half: bool) -> float:
    """Train; return the mean loss of the last 200 steps, or NaN if any loss was not finite."""
    torch.manual_seed(0)
    walks = [np.random.default_rng(i).normal(size=(1 + i % 2, 5 + 3 * (i % 20), 25, 3)).cumsum(1) for i in range(64)]
    clips = [torch.from_numpy(0.05 * walk.astype('f4')) for walk in walks]
    model = build(**{'head.queue_length': 32})
    optimizer = torch.optim.SGD(model.parameters(), 0.01, momentum=0.9)
    losses = []
    for step in range(steps):
        chosen = [clips[i] for i in torch.randint(64, (8, )).tolist()]
        inputs = model.data_preprocessor(dict(inputs=RaggedClips.from_clips(chosen)), True)['inputs']
        with torch.autocast('cpu', torch.bfloat16, enabled=half):
            parts = model.loss(inputs)
        total = torch.stack([value for name, value in parts.items() if name.startswith('loss')]).sum()
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        losses.append(float(total.detach()))
        if step % 1000 == 999:
            print(f'  {_name(half)}, step {step + 1}: loss {np.mean(losses[-200:]):.3f}', flush=True)
    return float(np.mean(losses[-200:])) if np.isfinite(losses).all() else math.nan


def trials(args: argparse.Namespace) -> Dict[str, Trial]:
    """Return all trials by name."""
    query, keys, negatives = (unit(*shape, dtype=torch.float32) for shape in ((8, 16), (8, 3, 16), (64, 16)))
    clip = np.random.default_rng(0).normal(size=(2, 20, 25, 3))
    lost = np.where(clip > 1.5, np.nan, clip)
    found: Dict[str, Trial] = {'gradients of InfoNCE': loss_gradients, 'gradients of the head': head_gradients,
                               'order of a queue': queue_order}
    for temperature in (1e-30, 1e-8, 1e-3, 1e3, 1e30):
        found[f'temperature {temperature:g}'] = partial(finite_loss, query, keys, negatives, temperature)
    for name, value in {'equal features': 0.25, 'features of zeros': 0.0}.items():
        a, b, c = (torch.full_like(x, value) for x in (query, keys, negatives))
        found[name] = partial(finite_loss, a, b, c)
    found['opposite keys'] = partial(finite_loss, query, -query, query.repeat(8, 1))
    found['a batch of one'] = partial(finite_loss, query[:1], keys[:1], negatives)
    found['an empty batch'] = partial(refused, partial(info_nce, query[:0], keys[:0], negatives))
    found['no negatives'] = partial(refused, partial(info_nce, query, keys, negatives[:0]))
    for changes in REFUSED:
        found[f'model with {changes}'] = partial(refused, partial(build, **changes))
    for name, odd in clips_with_an_edge().items():
        found[f'training step on a clip {name}'] = lambda odd=odd: step_faults(build(), [odd] * 3)  # type: ignore[misc]
        found[f'features of a clip {name}'] = partial(extract_faults, odd.numpy())
    found['features of a clip of zeros'] = partial(refused, found['features of a clip of zeros'])
    invalid = {'with NaN': lost, 'with infinities': clip * np.inf, 'scaled by 1e30': clip * 1e30,
               'without frames': clip[:, :0]}
    for name, values in invalid.items():
        found[f'features of a clip {name}'] = partial(refused, partial(extract, init_model(_config()), [values]))
    for size in (0, 1e15, 1e-5):
        gallery = torch.eye(8)[:4] * size
        found[f'retrieval from features of length {size:g}'] = partial(search, gallery)
    found['retrieval from features of NaN'] = partial(refused, partial(search, torch.full((4, 8), math.nan)))
    if args.steps:
        found[f'{args.steps} steps in bfloat16'] = partial(soak, args.steps)
    return found


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run all trials and return the exit status."""
    parser = check_parser(__doc__)
    parser.add_argument('--steps', type=int, default=2000, help='steps of the long training run; default: 2000')
    args = parser.parse_args(argv)
    init_default_scope('mmaction')
    torch.manual_seed(args.seed)
    found = trials(args)
    report = Report('numerics', len(found))
    for name, trial in found.items():
        try:
            faults = trial()
        except Exception as error:
            faults = [f'{type(error).__name__}: {str(error)[:200]}']
        report.trial(name, faults)
    return report.end()


if __name__ == '__main__':
    sys.exit(main())
