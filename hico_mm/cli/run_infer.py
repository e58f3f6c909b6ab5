"""What ``hico-mm infer`` does."""

import argparse
import json
from typing import Any, Dict, List

import numpy as np
from rich.progress import track

from ..apis import SkeletonInferencer
from ..apis.read_clip import clips_in
from ..converters.registry import load_readers
from ..errors import UserError
from ..fileio import atomic_write, check_not_read, check_writable
from .clips import check_axes, clip_options
from .run_search import json_alone


def infer(args: argparse.Namespace) -> int:
    """Classify or encode the clips of a command line, and return the exit status."""
    if args.out is not None:
        check_not_read(args.out, *args.files)
        check_writable(args.out)
    with json_alone(args.json):
        inferencer = SkeletonInferencer(args.checkpoint, args.device)
        load_readers(args.imports)
        files = [file for name in args.files for file in clips_in(name, args.format)]
        check_axes(args, files)
        clips = [inferencer.pipeline.read(file, **clip_options(args, file))
                 for file in track(files, 'reading', transient=True, disable=len(files) < 100)]
        predictions = inferencer(clips, batch_size=args.batch_size, topk=args.topk)['predictions']
    note = None if inferencer.has_classifier else (
        f'{args.checkpoint} has no classifier, so the clips have features but no classes: train one with hico-mm train '
        'CONFIG --pretrained CHECKPOINT')
    if args.out is not None:
        _write(args.out, predictions)
    if args.json:
        print(json.dumps(dict(checkpoint=args.checkpoint, note=note, predictions=list(map(_plain, predictions))),
                         indent=1))
        return 0
    for prediction in predictions:
        print(_line(prediction))
    if args.out is not None:
        print(f'{args.out}: {len(predictions)} clips')
    if note:
        print(note)
    return 0


def _write(path: Any, predictions: List[Dict[str, Any]]) -> None:
    """Write names, features and probabilities, as far as there are any."""
    arrays: Dict[str, Any] = {
        key: np.stack([prediction[key] for prediction in predictions])
        for key in ('feature', 'probability') if predictions[0].get(key) is not None}
    if not arrays:
        raise UserError(f'there is nothing to write to {path}: the model has neither hierarchical features nor a '
                        'classifier')
    with atomic_write(path) as temporary:
        np.savez(temporary, name=np.array([prediction['name'] for prediction in predictions]), **arrays)


def _plain(prediction: Dict[str, Any]) -> Dict[str, Any]:
    """Return a prediction as plain data: the most probable classes, or the feature if there is no classifier."""
    if 'top' in prediction:
        return dict(name=prediction['name'], top=prediction['top'])
    feature = prediction['feature']
    return dict(name=prediction['name'], feature=None if feature is None else feature.tolist())


def _line(prediction: Dict[str, Any]) -> str:
    """Format a prediction as a line of text."""
    if 'top' not in prediction:
        feature = prediction['feature']
        what = 'no feature of the hierarchy' if feature is None else f'feature of {len(feature)} numbers, length ' \
            f'{np.linalg.norm(feature):.3f}'
        return f'{prediction["name"]}  {what}'
    best = (f'{row["class_name"] or row["label"]} {row["probability"]:.3f}' for row in prediction['top'])
    return f'{prediction["name"]}  {", ".join(best)}'
