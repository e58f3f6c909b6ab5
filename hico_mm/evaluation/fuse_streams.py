"""Fuse streams as a command line asks, and print the accuracies."""

import argparse
from pathlib import Path
from typing import List, Optional, Sequence

import numpy as np

from ..errors import UserError
from ..fileio import check_not_read, check_writable, dump_pickle
from .fusion import accuracies, align, comparable, default_weights, fuse, retrieve, search_weights
from .stream_output import StreamOutput, load_features, load_predictions


def fuse_streams(args: argparse.Namespace) -> int:
    """Run the fusion of a command line and return the exit status."""
    args.weights = args.weights or default_weights(len(args.preds or args.features))
    if args.out:
        check_not_read(args.out, *args.preds, *(args.search or ()))
        check_writable(args.out)
    fuse_scores(args) if args.preds else fuse_features(args)
    return 0


def show(streams: Sequence[StreamOutput], scores: List[np.ndarray], labels: np.ndarray, title: str) -> None:
    """Print a line for each stream and one for the fusion."""
    print(f'{title:<44} {"top-1":>6} {"mean class":>11}')
    for name, values in zip([*(stream.source for stream in streams), 'fusion'], scores):
        top1, mean = accuracies(values, labels)
        print(f'{name[-44:]:<44} {100 * top1:6.2f} {100 * mean:11.2f}')


def load(paths: List[str], names: Optional[str]) -> List[StreamOutput]:
    """Load dumps with their clips in the same order; ``names`` is ANNOTATION.pkl:SPLIT for dumps without names."""
    annotation, _, split = (names or '').rpartition(':')
    streams = [load_predictions(path, (annotation, split) if names else None) for path in paths]
    if names and all(stream.has_names for stream in streams):
        raise UserError(f'all of {", ".join(paths)} have clip names, so {names} is not used: leave it out')
    return align(streams)


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
