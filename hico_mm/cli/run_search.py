"""The actions of ``hico-mm search``."""

import argparse
import contextlib
import json
import shlex
import sys
import time
from typing import Iterator, List

from ..apis import SkeletonSearch, find_moments, init_model
from ..apis.answers import Answer, class_text
from ..apis.gallery import Gallery
from ..apis.moments import Moment
from ..apis.prepare import ClipPreparer
from ..datasets.checks import is_label
from ..errors import UserError
from ..fileio import check_writable
from ..locks import locked
from .clips import clip_options


@contextlib.contextmanager
def json_alone(wanted: bool) -> Iterator[None]:
    """Send everything else that is printed meanwhile to the standard error, if JSON is wanted."""
    with contextlib.redirect_stdout(sys.stderr) if wanted else contextlib.nullcontext():
        yield


def counted(number: int, what: str = 'clip') -> str:
    """Format a number of things."""
    return f'{number} {what}{"" if number == 1 else "s"}'


def index(args: argparse.Namespace) -> int:
    """Build a gallery."""
    check_writable(args.out)
    search = SkeletonSearch(args.checkpoint, args.level, batch_size=args.batch_size, device=args.device)
    search.add_annotation(args.ann_file, args.split)
    with locked(args.out):
        search.save(args.out)
    print(f'{args.out}: {counted(len(search))}, {args.level} features of {search.gallery.features.shape[1]} numbers')
    print(f'search it with: hico-mm search query {shlex.quote(str(args.out))} --like CLIP')
    return 0


def _load(args: argparse.Namespace, faiss: 'str | None' = None) -> SkeletonSearch:
    return SkeletonSearch.load(args.gallery, args.checkpoint, faiss, args.batch_size, args.device)


def query(args: argparse.Namespace) -> int:
    """Find similar clips."""
    if args.html is not None:
        check_writable(args.html)
    with json_alone(args.json):
        search = _load(args, args.faiss)
        answers = [search.query(clip, args.topk, **clip_options(args, clip)) for clip in args.like]
        if args.html is not None:
            search.write_html(args.html, answers)
    if args.json:
        print(json.dumps([answer.to_dict() for answer in answers], indent=1))
        return 0
    for answer in answers:
        print('\n'.join(_lines(answer, len(search))))
    if args.html is not None:
        print(f'{args.html}: open it in a browser to see the clips move')
    return 0


def _lines(answer: Answer, clips: int) -> List[str]:
    """Format an answer as lines of text."""
    own = class_text(answer)
    encoded = '' if answer.encode_ms is None else f'encoded in {answer.encode_ms:.1f} ms, '
    width = max((len(match.name) for match in answer.matches), default=0)
    return [f'{answer.query}{f", {own}" if own else ""} ({encoded}compared with {counted(clips)} in '
            f'{answer.search_ms:.1f} ms)',
            *(f'  {match.score:6.3f}  {match.name:<{width}}  {class_text(match)}'.rstrip() for match in answer.matches)]


def moments(args: argparse.Namespace) -> int:
    """Find moments in a recording."""
    with json_alone(args.json):
        model = init_model(None, args.checkpoint, args.device)
        whole_clip = {key: value for key, value in clip_options(args, args.recording).items() if key != 'frames'}
        prepare = ClipPreparer(model)
        recording = prepare.read(args.recording, **whole_clip)
        like = [prepare.read(clip, **clip_options(args, clip)) for clip in args.like]
        names = [clip.name for clip in like]
        start = time.perf_counter()
        found = find_moments(model, recording, like, args.lengths, args.topk, args.min_score, args.overlap, args.fps,
                             args.level, args.batch_size)
        seconds = time.perf_counter() - start
    if args.json:
        print(json.dumps(dict(recording=recording.name, frames=recording.keypoint.shape[1], like=names,
                              moments=[moment._asdict() for moment in found]), indent=1))
        return 0
    print(f'{recording.name} ({recording.keypoint.shape[1]} frames) is most like {", ".join(names)} in '
          f'{counted(len(found), "moment")}, found in {seconds:.1f} s')
    for moment in found:
        print(f'  {moment.score:6.3f}  frames {moment.first:5} to {moment.last:5}{_seconds(moment)}')
    return 0


def _seconds(moment: Moment) -> str:
    """Format the time of a moment; nothing if it is not known."""
    return '' if moment.start is None else f'  {moment.start:7.2f} s to {moment.end:7.2f} s'


def add(args: argparse.Namespace) -> int:
    """Add clips to a gallery."""
    check_writable(args.gallery)
    if args.label is not None and not is_label(args.label):
        raise UserError(f'--label {args.label} is not a class number: count from 0')
    with locked(args.gallery):
        search = _load(args)
        before = len(search)
        if args.ann_file is not None:
            search.add_annotation(args.ann_file, args.split)
        else:
            clips = [search.encoder.prepare.read(file, **clip_options(args, file)) for file in args.files]
            search.add(clips, labels=None if args.label is None else [args.label] * len(clips))
        search.save(args.gallery)
    print(f'{args.gallery}: {counted(len(search) - before)} added, now {counted(len(search))}')
    return 0


def remove(args: argparse.Namespace) -> int:
    """Remove clips from a gallery."""
    check_writable(args.gallery)
    with locked(args.gallery):
        gallery = Gallery.load(args.gallery)
        left = gallery.without(args.names)
        left.save(args.gallery)
    print(f'{args.gallery}: {counted(len(gallery) - len(left))} removed, now {counted(len(left))}')
    return 0
