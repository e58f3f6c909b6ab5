"""The fuzzer's targets: for each reader of external files, how to make an input and how to read it."""

import contextlib
import io
import json
import logging
import os
import pickle
import random
from pathlib import Path
from typing import Any, Callable, Dict, NamedTuple, Optional, Sequence

import mmaction.datasets  # noqa: F401
import numpy as np
import torch
from mmengine.logging import MMLogger
from mmengine.registry import init_default_scope

from hico_mm.apis import describe_checkpoint
from hico_mm.checkpoints import check_fit, load_checkpoint, weights_of
from hico_mm.cli import check_annotations
from hico_mm.converters.convert import convert
from hico_mm.converters.ntu import plan_ntu
from hico_mm.converters.ntu_skeleton import read_skeleton, to_persons
from hico_mm.converters.nwucla import plan_nwucla, read_clip
from hico_mm.converters.pku import plan_pku
from hico_mm.converters.pku_skeleton import cut_all, read_labels, read_recording, read_split
from hico_mm.datasets import SkeletonDataset, clip_store, load_plain_pickle
from hico_mm.errors import UserError
from hico_mm.evaluation.fusion import accuracies, align, comparable, fuse, retrieve
from hico_mm.evaluation.stream_output import load_features, load_predictions

from .mutations import mutate_bytes, mutate_text, mutate_tree

FARTHEST = 1e6
FRAMES = 6  # frames of the recording that clips are cut from


class Target(NamedTuple):
    """A reader to fuzz.

    Args:
        name: Name of the file that is read.
        make: Makes an input with a random generator.
        read: Reads the file and checks the result.
    """

    name: str
    make: Callable[[random.Random], bytes]
    read: Callable[[Path], Any]


class Garbage(Exception):
    """An input was accepted that should have been refused."""


def check_clip(keypoint: np.ndarray, label: int, classes: int) -> None:
    """Check a clip that a reader accepted.

    Raises:
        Garbage: if it is not a valid clip.
    """
    if keypoint.ndim != 4 or not keypoint.shape[1]:
        raise Garbage('a clip without frames')
    if not np.isfinite(keypoint).all():
        raise Garbage('coordinates that are not finite')
    if keypoint.size and np.abs(keypoint).max() >= FARTHEST:
        raise Garbage('coordinates that are too large for any unit')
    if type(label) is not int or not -1 <= label < classes:
        raise Garbage('a label out of range')


def of_texts(texts: Sequence[str]) -> Callable[[random.Random], bytes]:
    """Return a function that makes an input by changing one of the texts."""

    def make(rng: random.Random) -> bytes:
        text = rng.choice(texts)
        if rng.random() < 0.02:
            return mutate_bytes(text.encode(), rng)
        return mutate_text(text, rng).encode('utf-8', 'surrogatepass')

    return make


def of_pickles(make_tree: Callable[[], Any], share: float) -> Callable[[random.Random], bytes]:
    """Return a function that makes pickles: a share of them has changed bytes, the rest has changed content."""

    def make(rng: random.Random) -> bytes:
        tree, protocol = make_tree(), rng.choice((2, 4, 5))
        if rng.random() < share:
            return mutate_bytes(pickle.dumps(tree, protocol), rng)
        return pickle.dumps(mutate_tree(tree, rng), protocol)

    return make


def ntu_text(frames: int, bodies: int) -> str:
    """Return the text of a valid `.skeleton` file, whose first frame has one body."""
    rng, lines = np.random.default_rng(0), [str(frames)]
    for frame in range(frames):
        lines.append(str(bodies if frame else 1))
        for body in range(bodies if frame else 1):
            lines += [f'7205759403790000{body} 0 1 0 1 0 0 -0.15 0.03 2', '25']
            lines += [' '.join([*(f'{x:.6g}' for x in joint), '277.4 191.8 1036.2 519.2 -0.2 0.05 0.97 -0.12 2'])
                      for joint in rng.normal(size=(25, 3))]
    return '\r\n'.join(lines) + '\r\n'


def pku_text(frames: int) -> str:
    """Return the text of a valid PKU-MMD recording."""
    return '\n'.join(' '.join(f'{x:.5f}' for x in row) for row in np.random.default_rng(0).normal(size=(frames, 150)))


def nwucla_text(frames: int) -> str:
    """Return the text of a valid Northwestern-UCLA clip."""
    skeletons = np.random.default_rng(0).normal(size=(frames, 20, 3)).round(4).tolist()
    return json.dumps(dict(file_name='a01_s01_e00_v01', skeletons=skeletons, label=1))


def annotation() -> dict:
    """Return a valid annotation of four clips."""
    rng = np.random.default_rng(0)
    clips = [dict(frame_dir=f'c{i}', label=i % 2, total_frames=3, img_shape=(4, 4),
                  keypoint=rng.normal(size=(1 + i % 2, 3, 25, 3)).astype(np.float32)) for i in range(4)]
    return dict(split=dict(train=['c0', 'c1'], val=['c2', 'c3']), annotations=clips)


def predictions() -> list:
    """Return valid predictions, some as tensors and some as arrays."""
    rng = np.random.default_rng(0)
    return [dict(frame_dir=f'c{i}', pred_score=torch.tensor(rng.random(3)) if i % 2 else rng.random(3),
                 gt_label=np.array([i % 3])) for i in range(4)]


def features(prefix: str) -> dict:
    """Return valid features of four clips, whose names start with a prefix."""
    return dict(feature=np.random.default_rng(0).normal(size=(4, 5)).astype(np.float32), label=np.array([0, 1, 0, 1]),
                name=np.array([f'{prefix}{i}' for i in range(4)]))


def make_features(rng: random.Random) -> bytes:
    """Make a feature archive with changed arrays or changed bytes."""
    file, content = io.BytesIO(), features('q')
    if rng.random() < 0.4:
        np.savez(file, **content)
        return mutate_bytes(file.getvalue(), rng)
    changed = mutate_tree(content, rng)
    arrays = {str(key): value for key, value in changed.items()} if isinstance(changed, dict) else dict(feature=changed)
    with contextlib.suppress(TypeError, ValueError):  # numpy cannot save everything
        rng.choice((np.savez, np.savez_compressed))(file, **arrays)
    return file.getvalue()


def make_checkpoint(rng: random.Random) -> bytes:
    """Make a checkpoint with changed content, metadata or bytes."""
    kind, file = rng.random(), io.BytesIO()
    description = json.dumps(dict(model=dict(type='HiCo', backbone=dict(type='HiCoBackbone')), load_pipeline=[]))
    meta = dict(epoch=1, hico_mm=mutate_text(description, rng) if kind < 0.2 else description)
    content = dict(state_dict={'a.weight': torch.ones(3, 2), 'b': torch.zeros(())}, meta=meta)
    changed = mutate_tree(content, rng) if 0.2 <= kind < 0.5 else content
    with contextlib.suppress(Exception):  # torch cannot save everything
        torch.save(changed, file, _use_new_zipfile_serialization=rng.random() < 0.5)
    return mutate_bytes(file.getvalue(), rng) if kind >= 0.5 else file.getvalue()


def read_ntu(path: Path) -> None:
    """Read a recording and follow its bodies in both ways."""
    recording = read_skeleton(path)
    for bodies in 'slot', 'id':
        persons = to_persons(recording, bodies)
        if len(persons):
            check_clip(persons, 0, 60)


def read_pku_labels(path: Path) -> None:
    """Read labels and check the clips that they cut from a recording."""
    recording = np.random.default_rng(0).normal(size=(2, FRAMES, 25, 3)).astype(np.float32)
    labels = read_labels(path)
    for clip in cut_all(recording, labels, 'r', 51)[0]:
        check_clip(clip['keypoint'], clip['label'], 51)
        label = labels[int(clip['frame_dir'].rpartition('_')[2]) - 1]
        if label.first < 1 or label.last > FRAMES:
            raise Garbage('frames outside the recording')


def read_pku_split(path: Path) -> None:
    """Read a split file, in which neither side may be empty."""
    if not all(read_split(path).values()):
        raise Garbage('an empty side')


def read_nwucla(path: Path) -> None:
    """Read a clip and check it."""
    for clip in read_clip(path)[0]:
        check_clip(clip['keypoint'], clip['label'], 10)


def read_dataset(path: Path) -> None:
    """Read the training split of a dataset, then all clips, and check each clip."""
    error: Optional[UserError] = None
    for split in 'train', None:
        try:
            data = SkeletonDataset(str(path), split=split, layout='ntu', serialize_data=False)
        except UserError as refused:
            error = refused
            continue
        for i in range(len(data)):
            info = data.get_data_info(i)
            check_clip(info['keypoint'], info['label'], 100_000)
    if error:
        raise error


def read_by_checker(path: Path) -> None:
    """Run the command that checks annotations; its output must be valid UTF-8."""
    with open(os.devnull, 'w', encoding='utf-8') as out:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            if check_annotations.main([str(path), '--layout', 'ntu']):
                raise UserError('the checker found a fault')


def read_predictions(path: Path) -> None:
    """Read predictions, fuse them with themselves, and measure their accuracy."""
    stream = load_predictions(path)
    streams, = comparable(align([stream, stream]))
    scores = fuse(streams, (1., 1.))
    if not np.isfinite(scores).all():
        raise Garbage('scores that are not finite')
    if not (stream.labels >= 0).all() or not (stream.labels < scores.shape[1]).all():
        raise Garbage('a label that has no score')
    accuracies(scores, stream.labels)


def read_features(path: Path) -> None:
    """Read features and search for their nearest neighbours in a gallery."""
    gallery = path.with_name('gallery.npz')
    if not gallery.exists():
        np.savez(gallery, **features('g'))
    queries = align([load_features(path)])
    votes = retrieve(align([load_features(gallery)]), queries, [1.0])
    if not np.isfinite(votes).all():
        raise Garbage('votes that are not finite')
    accuracies(votes, queries[0].labels)


def read_checkpoint(path: Path) -> None:
    """Read the weights and the description of a checkpoint."""
    loaded = load_checkpoint(path)
    check_fit({'a.weight': torch.ones(3, 2), 'b': torch.zeros(())}, weights_of(loaded), path, 'HiCo')
    describe_checkpoint(path)


def make_raw(rng: random.Random) -> bytes:
    """Make an input of one byte, the index of a raw file, followed by the changed text of this file."""
    at = rng.choice([i for i, name in enumerate(RAW) if Path(name).stem not in SOUND.values()])
    return bytes([at]) + of_texts([list(RAW.values())[at]])(rng)


def read_raw(path: Path) -> None:
    """Convert raw files of which one is changed; clips of the unchanged files must not be lost."""
    data, raw = path.read_bytes(), path.parent / 'raw'
    name = list(RAW)[data[0]]
    for other, text in RAW.items():
        (raw / other).parent.mkdir(parents=True, exist_ok=True)
        (raw / other).write_bytes(data[1:] if other == name else text.encode())
    plans: Dict[str, Callable] = dict(ntu=lambda folder: plan_ntu(folder, 'ntu60'), nwucla=plan_nwucla,
                                      pku=lambda folder: plan_pku(folder, 1))
    dataset = name.split('/')[0]
    with open(os.devnull, 'w', encoding='utf-8') as out:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            convert(plans[dataset](raw / dataset), path.with_name('out.pkl'))
    found = {clip['frame_dir'] for clip in load_plain_pickle(path.with_name('out.pkl'))['annotations']}
    if not any(clip.startswith(SOUND[dataset]) for clip in found):
        raise Garbage('a valid file was left out')


LABELS = '1,1,3,2\n51,2,5,1\n7,4,6,2\n'
SPLIT = 'Training videos:\n0002-L, 0002-M, 0002-R,\nValidation videos:\n0003-L, 0003-M,\n'
RAW = {
    'ntu/S001C001P001R001A001.skeleton': ntu_text(3, 2), 'ntu/S001C001P001R001A002.skeleton': ntu_text(1, 1),
    'nwucla/a01_s01_e00_v01.json': nwucla_text(3), 'nwucla/a01_s01_e00_v02.json': nwucla_text(1),
    'pku/data/0002-L.txt': pku_text(6), 'pku/label/0002-L.txt': LABELS, 'pku/data/0003-L.txt': pku_text(3),
    'pku/label/0003-L.txt': '1,1,3,2\n', 'pku/cross-subject.txt': SPLIT, 'pku/cross-view.txt': SPLIT}
SOUND = dict(ntu='S001C001P001R001A002', nwucla='a01_s01_e00_v02', pku='0003-L')  # these are never changed
TARGETS: Dict[str, Target] = dict(
    ntu=Target('S001C001P001R001A001.skeleton', of_texts([ntu_text(3, 2), ntu_text(1, 1), ntu_text(4, 1)]), read_ntu),
    pku=Target('0002-L.txt', of_texts([pku_text(3), pku_text(1)]),
               lambda path: check_clip(read_recording(path), 0, 51)),
    pku_labels=Target('0002-L.txt', of_texts([LABELS]), read_pku_labels),
    pku_split=Target('cross-view.txt', of_texts([SPLIT]), read_pku_split),
    converters=Target('raw.bin', make_raw, read_raw),
    nwucla=Target('a01_s01_e00_v01.json', of_texts([nwucla_text(3), nwucla_text(1)]), read_nwucla),
    pickle=Target('a.pkl', of_pickles(annotation, 1.0), load_plain_pickle),
    dataset=Target('a.pkl', of_pickles(annotation, 0.3), read_dataset),
    checker=Target('a.pkl', of_pickles(annotation, 0.2), read_by_checker),
    predictions=Target('p.pkl', of_pickles(predictions, 0.5), read_predictions),
    features=Target('f.npz', make_features, read_features),
    checkpoint=Target('c.pth', make_checkpoint, read_checkpoint))


def be_quiet() -> None:
    """Silence the readers: their output is not needed here, and printing it takes longer than reading."""
    init_default_scope('mmaction')
    MMLogger.get_instance('fuzz', log_level='ERROR')
    logging.disable(logging.CRITICAL)
    clip_store._return_freed_memory = lambda: None  # slow in a forked process
