"""Fuse streams (for example joint, bone and motion): classification scores, or features for retrieval.

    hico-mm fuse --preds joint.pkl bone.pkl motion.pkl
    hico-mm fuse --features joint_val.npz bone_val.npz --gallery joint_train.npz bone_train.npz

Scores are written by ``tools/test.py --dump``, or by any MMAction2 model; features are written by
``tools/extract_features.py``. Streams are matched by clip name.
"""

import argparse
import math
from pathlib import Path
from typing import List, Optional, Sequence

import numpy as np

from ..errors import UserError
from ..evaluation.fusion import accuracies, align, comparable, default_weights, fuse, retrieve, search_weights
from ..evaluation.stream_output import StreamOutput, load_features, load_predictions
from ..fileio import check_writable, dump_pickle
from .command import command_parser, one_line_errors


def parse_args(argv: Optional[Sequence[str]]) -> argparse.Namespace:
    """Parse the command line."""
    parser = command_parser('fuse', __doc__)
    parser.add_argument('--preds', nargs='+', metavar='PKL', help='dumped predictions, one file per stream')
    parser.add_argument('--features', nargs='+', metavar='NPZ', help='features of the test clips, one file per stream')
    parser.add_argument('--gallery', nargs='+', metavar='NPZ', help='features of the training clips, in the same order')
    parser.add_argument('--weights', nargs='+', type=float,
                        help='weight of each stream; default: 0.6 0.6 0.4 for three streams, otherwise equal')
    parser.add_argument('--search', nargs='+', metavar='PKL',
                        help='predictions of the training clips, in the same order, to search the weights on')
    parser.add_argument('--names', metavar='ANN.pkl:SPLIT', help='names of the clips, for dumps without names')
    parser.add_argument('--search-names', metavar='ANN.pkl:SPLIT', help='the same for --search')
    parser.add_argument('--out', metavar='OUT.pkl', help='write the fused predictions, as --dump does')
    args = parser.parse_args(argv)
    if bool(args.preds) == bool(args.features) or bool(args.features) != bool(args.gallery):
        parser.error('give --preds, or --features and --gallery')
    streams = len(args.preds or args.features)
    for option in 'weights', 'search', 'gallery':
        if getattr(args, option) and len(getattr(args, option)) != streams:
            parser.error(f'--{option} needs one value for each of the {streams} streams')
    if args.search and args.weights:
        parser.error('--search finds the weights: leave --weights out')
    if args.features and (args.search or args.names or args.out):
        parser.error('--search, --names and --out can only be used with --preds')
    args.weights = args.weights or default_weights(streams)
    if not all(0 <= weight < math.inf for weight in args.weights) or not any(args.weights):
        parser.error(f'--weights must be numbers of at least 0, with at least one above 0, got {args.weights}')
    for option in 'names', 'search_names':
        value = getattr(args, option)
        if value and ':' not in value:
            parser.error(f'--{option.replace("_", "-")} {value} is not of the form ANNOTATION.pkl:SPLIT')
    return args


def show(streams: Sequence[StreamOutput], scores: List[np.ndarray], labels: np.ndarray, title: str) -> None:
    """Print a line for each stream and one for the fusion."""
    print(f'{title:<44} {"top-1":>6} {"mean class":>11}')
    for name, values in zip([*(stream.source for stream in streams), 'fusion'], scores):
        top1, mean = accuracies(values, labels)
        print(f'{name[-44:]:<44} {100 * top1:6.2f} {100 * mean:11.2f}')


def load(paths: List[str], names: Optional[str]) -> List[StreamOutput]:
    """Load dumps with their clips in the same order; ``names`` is ANNOTATION.pkl:SPLIT for dumps without names."""
    annotation, _, split = (names or '').rpartition(':')
    return align([load_predictions(path, (annotation, split) if names else None) for path in paths])


def fuse_scores(args: argparse.Namespace) -> np.ndarray:
    """Fuse the predictions, print the accuracies, optionally write the result, and return the fused scores."""
    streams, weights = load(args.preds, args.names), args.weights
    if not args.search:
        streams, = comparable(streams)
    else:
        streams, training = comparable(streams, load(args.search, args.search_names))
        both = set(training[0].names) & set(streams[0].names)
        if both:
            raise UserError(f'--search must not see test clips, but {len(both)} clips are in both sets, for example '
                            f'{min(both)}: dump the predictions of the training split')
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
    """Run retrieval with each stream and with all of them; return the votes."""
    queries, gallery = (align([load_features(path) for path in paths]) for paths in (args.features, args.gallery))
    votes = [retrieve([g], [q], [1.0]) for g, q in zip(gallery, queries)]
    votes.append(retrieve(gallery, queries, args.weights))
    show(queries, votes, queries[0].labels, 'retrieval (k=1, cosine), %')
    return votes[-1]


@one_line_errors
def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the fusion and return the exit status."""
    args = parse_args(argv)
    if args.out:
        check_writable(args.out)
    fuse_scores(args) if args.preds else fuse_features(args)
    return 0

