"""Fuse streams, joint, bone and motion say: classification scores, or features for retrieval.

    python tools/fuse_streams.py --preds joint.pkl bone.pkl motion.pkl
    python tools/fuse_streams.py --features joint_val.npz bone_val.npz --gallery joint_train.npz bone_train.npz

Scores are dumps of ``tools/test.py --dump``, or of any MMAction2 model; features are of ``tools/extract_features.py``.
They are joined by the names of the clips.
"""

import argparse
import sys
from pathlib import Path
from typing import List, Optional, Sequence, Tuple

import numpy as np

import hico_mm  # noqa: F401
from hico_mm.evaluation.fusion import (
    FIELD_WEIGHTS,
    Predictions,
    accuracies,
    align,
    comparable,
    fuse,
    load_features,
    load_predictions,
    retrieve,
    search_weights,
)
from hico_mm.utils import dump_pickle


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--preds', nargs='+', metavar='PKL', help='dumped predictions, one file a stream')
    parser.add_argument('--features', nargs='+', metavar='NPZ', help='features of the test clips, one file a stream')
    parser.add_argument('--gallery', nargs='+', metavar='NPZ', help='features of the training clips, in the same order')
    parser.add_argument('--weights', nargs='+', type=float,
                        help='weight of each stream; default: 0.6 0.6 0.4 for three, equal ones else')
    parser.add_argument('--search', nargs='+', metavar='PKL',
                        help='predictions of the training clips, in the same order: search the weights on them')
    parser.add_argument('--names', metavar='ANN.pkl:SPLIT', help='the clips of dumps that do not name them')
    parser.add_argument('--out', metavar='OUT.pkl', help='write the fused predictions, as --dump does')
    args = parser.parse_args()
    if bool(args.preds) == bool(args.features) or bool(args.features) != bool(args.gallery):
        parser.error('give --preds, or --features and --gallery')
    streams = len(args.preds or args.features)
    for option in 'weights', 'search', 'gallery':
        if getattr(args, option) and len(getattr(args, option)) != streams:
            parser.error(f'--{option} needs one for each of the {streams} streams')
    if args.search and (args.features or args.weights):
        parser.error('--search goes with --preds, and finds the weights')
    args.weights = args.weights or (tuple(FIELD_WEIGHTS.values()) if streams == 3 else (1.0,) * streams)
    if min(args.weights) < 0:
        parser.error('weights cannot be negative')
    if args.names and ':' not in args.names:
        parser.error(f'--names {args.names} is not of the form ANNOTATION.pkl:SPLIT')
    return args


def show(streams: Sequence[Predictions], scores: List[np.ndarray], labels: np.ndarray, title: str) -> None:
    """A line for each stream, and one for the fusion."""
    print(f'{title:<44} {"top-1":>6} {"mean class":>11}')
    for name, values in zip([*(stream.source for stream in streams), 'fusion'], scores):
        top1, mean = accuracies(values, labels)
        print(f'{name[-44:]:<44} {100 * top1:6.2f} {100 * mean:11.2f}')


def fuse_scores(args: argparse.Namespace) -> np.ndarray:
    """Fuse the predictions, show and perhaps write them; returns the fused scores."""
    of: Optional[Tuple[str, str]] = tuple(args.names.rsplit(':', 1)) if args.names else None  # type: ignore[assignment]
    streams = comparable(align([load_predictions(path, of) for path in args.preds]))
    weights = args.weights
    if args.search:
        training = comparable(align([load_predictions(path) for path in args.search]))
        both = set(training[0].names) & set(streams[0].names)
        if both:
            raise ValueError(f'--search must not see test clips, but {len(both)} are in both, {min(both)} among them: '
                             'dump the predictions of the training split')
        weights = search_weights(training)
        print(f'weights found on {len(training[0].names)} training clips: {" ".join(f"{w:g}" for w in weights)}')
    fused = fuse(streams, weights)
    labels = streams[0].labels
    show(streams, [*(stream.values for stream in streams), fused], labels, 'accuracy on the test clips, %')
    if args.out:
        dump_pickle([dict(frame_dir=str(name), pred_score=score, gt_label=np.array([label]))
                     for name, score, label in zip(streams[0].names, fused, labels)], Path(args.out))
    return fused


def fuse_features(args: argparse.Namespace) -> np.ndarray:
    """Retrieve by each stream and by all; returns the votes."""
    queries, gallery = (align([load_features(path) for path in paths]) for paths in (args.features, args.gallery))
    votes = [retrieve([g], [q], [1.0]) for g, q in zip(gallery, queries)]
    votes.append(retrieve(gallery, queries, args.weights))
    show(queries, votes, queries[0].labels, 'retrieval (k=1, cosine), %')
    return votes[-1]


def main() -> int:
    """Fuse; returns the exit status."""
    args = parse_args()
    try:
        fuse_scores(args) if args.preds else fuse_features(args)
    except (FileNotFoundError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
