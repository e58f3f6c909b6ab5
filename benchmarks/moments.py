"""How well moments are found in long recordings of the demo, whose true boundaries are known.

    python -m benchmarks.moments work_dirs/hico_lstm_demo/epoch_150.pth --ann-file data/demo/demo.pkl --out moments.json

A recording has each of the ten actions once, with pauses, performed by a subject who is not in the clips. Each action
is looked for with a random training clip of it, or with several (--examples). A moment is right if its temporal
intersection over union with the true one is at least 0.5. The smallest score that counts is chosen on other recordings.
A pretraining config (.py) in place of the checkpoint stands for its untrained encoder.
"""

import argparse
import logging
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from rich.progress import track

from hico_mm.apis import find_moments, init_model
from hico_mm.apis.moments import overlap_of
from hico_mm.checkpoints import EncoderSource
from hico_mm.checkpoints.encoder import take_encoder
from hico_mm.datasets.annotation import read_annotation
from hico_mm.demo import ACTIONS, join_actions
from hico_mm.fileio import write_json

SUBJECTS = dict(choosing=3000, testing=4000)  # neither in the clips nor in recordings of make-demo
KINECT_FPS = 30
RIGHT = 0.5
DRAWS = 2000


class Found(NamedTuple):
    """A moment: its score, whether it is right, its rank in the answer, and the recording it was found in."""

    score: float
    right: bool
    rank: int
    recording: int


def open_encoder(path: str) -> Any:
    """Open a checkpoint, or build the untrained encoder of a config."""
    if not path.endswith('.py'):
        return init_model(None, path)
    source = EncoderSource.open(path)
    torch.manual_seed(0)
    model: Any = init_model(Config(dict(model=take_encoder(dict(type='SkeletonRecognizer'), source),
                                   load_pipeline=source.load_pipeline or [dict(type='NormalizeSkeleton')])))
    logging.disable(logging.INFO)  # MMEngine lists every weight
    model.init_weights()
    logging.disable(logging.NOTSET)
    return model.eval()


def search_all(model: Any, examples: Dict[int, List[dict]], subjects: Sequence[int],
               number_of_examples: int, seed: int) -> List[Found]:
    """Look for every action in the recording of every subject, and return what is found."""
    rng = np.random.default_rng([seed, subjects[0]])
    found = []
    for number, subject in enumerate(track(subjects, 'searching', transient=True)):
        order = rng.permutation(np.arange(1, 1 + len(ACTIONS))).tolist()
        recording = join_actions(order, subject, seed=seed)
        for label in recording.labels:
            clips = examples[label.action - 1]
            like = [clips[i] for i in rng.choice(len(clips), number_of_examples, replace=False)]
            moments = find_moments(model, recording.keypoint, like, topk=20, fps=KINECT_FPS, batch_size=256)
            right = [overlap_of((label.first, label.last), moment[:2]) >= RIGHT for moment in moments]
            found += [Found(moment.score, hit and not any(right[:rank]), rank, number)
                      for rank, (moment, hit) in enumerate(zip(moments, right))]
    return found


def rates(found: Sequence[Found], score: float, actions: int) -> Tuple[float, float]:
    """Return precision and recall of the moments of at least a score."""
    right = [moment.right for moment in found if moment.score >= score]
    return sum(right) / max(len(right), 1), sum(right) / actions


def choose_score(found: Sequence[Found], actions: int) -> float:
    """Return the score at which the harmonic mean of precision and recall is largest."""
    ranked = sorted(found, reverse=True)
    hits = np.cumsum([moment.right for moment in ranked])
    return ranked[int((2 * hits / (np.arange(1, 1 + len(ranked)) + actions)).argmax())].score


def measure(found: Sequence[Found], score: float, recordings: int) -> Dict[str, float]:
    """Return precision and recall at a score, and how often the first moment, or one of the first three, is right."""
    actions = recordings * len(ACTIONS)
    precision, recall = rates(found, score, actions)
    return dict(precision=precision, recall=recall, **{
        f'first_{n}': sum(moment.right for moment in found if moment.rank < n) / actions for n in (1, 3)})


def with_error(found: Sequence[Found], score: float, recordings: int) -> Dict[str, List[float]]:
    """Return each measure with its 95 % interval, by drawing recordings with replacement."""
    of = [[moment for moment in found if moment.recording == number] for number in range(recordings)]
    rng = np.random.default_rng(0)
    draws = [measure([moment for i in rng.integers(recordings, size=recordings) for moment in of[i]], score, recordings)
             for _ in range(DRAWS)]
    return {name: [value, *np.percentile([draw[name] for draw in draws], (2.5, 97.5)).tolist()]
            for name, value in measure(found, score, recordings).items()}


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog='python -m benchmarks.moments', description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('encoder', help='checkpoint, or a pretraining config for its untrained encoder')
    parser.add_argument('--ann-file', type=Path, required=True, help='annotation of the demo')
    parser.add_argument('--split', default='xsub_train', help='split of the clips to look for; default: xsub_train')
    parser.add_argument('--recordings', type=int, default=20, help='recordings to test, and half as many to choose the '
                        'smallest score; default: 20')
    parser.add_argument('--examples', type=int, default=1, help='clips of an action to look for at once; default: 1')
    parser.add_argument('--seed', type=int, default=0, help='random seed; default: 0')
    parser.add_argument('--out', help='JSON file to write')
    return parser.parse_args(argv)


def main(argv: Optional[Sequence[str]] = None) -> None:
    """Measure, print the result and write JSON."""
    args = parse_args(argv)
    init_default_scope('mmaction')
    model = open_encoder(args.encoder)
    examples: Dict[int, List[dict]] = {}
    for clip in read_annotation(args.ann_file).of_split(args.split):
        examples.setdefault(clip['label'], []).append(clip)
    sizes = dict(choosing=max(args.recordings // 2, 1), testing=args.recordings)
    found = {name: search_all(model, examples, range(SUBJECTS[name], SUBJECTS[name] + size), args.examples,
                              args.seed)
             for name, size in sizes.items()}
    score = choose_score(found['choosing'], sizes['choosing'] * len(ACTIONS))
    result = dict(encoder=args.encoder, recordings=args.recordings, examples=args.examples, seed=args.seed,
                  min_score=score, **with_error(found['testing'], score, args.recordings))
    for name, value in result.items():
        shown = f'{value[0]:.3f} ({value[1]:.3f} to {value[2]:.3f})' if isinstance(value, list) else value
        print(f'{name:10} {shown}')
    if args.out:
        write_json(result, args.out)


if __name__ == '__main__':
    main()
