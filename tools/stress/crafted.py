"""Malicious files for the checks."""

import _codecs
import os
import pickle
from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np
import torch


class Call:
    """Calls a function when it is unpickled."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.reduced = function, arguments

    def __reduce__(self) -> Any:
        return self.reduced


class Mark:
    """A file that crafted files create if their code runs.

    Args:
        path: Where it is created.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.evil = Call(os.system, f'touch {path}')

    def faults(self) -> List[str]:
        """Return a fault if code has run since the last call."""
        if not self.path.exists():
            return []
        self.path.unlink()
        return ['code ran: the mark file was created']


def pickles_that_run(folder: Path, evil: Call, configs: Path, checkpoint: Path) -> Dict[str, Tuple[str, List[object]]]:
    """Write files that run a command when they are unpickled; return the command and arguments to read each one."""
    names = ('evil.pkl', 'evil.pth', 'old.pth', 'evil.npz', 'evil.npy')
    annotation, weights, legacy, archive, array = (folder / name for name in names)
    clip = dict(frame_dir='a', label=0, total_frames=1, keypoint=evil)
    annotation.write_bytes(pickle.dumps(dict(split=dict(xsub_train=['a'], xsub_val=['a']), annotations=[clip])))
    torch.save(dict(state_dict={}, x=evil), weights)
    legacy.write_bytes(pickle.dumps(evil))
    objects = np.empty(1, object)
    objects[0] = evil
    np.savez(archive, feature=objects, label=[0], name=['a'])
    np.save(array, objects)
    sound = folder / 'sound.pkl'
    sound.write_bytes(pickle.dumps([dict(pred_score=np.ones(10), gt_label=np.array([0]))]))
    knn, pretrain, out = configs / 'knn.py', configs / 'pretrain.py', folder / 'out'
    options = ['--cfg-options', f'train_dataloader.dataset.ann_file={annotation}',
               f'test_dataloader.dataset.ann_file={annotation}']
    features = ['--split', 'xsub_val', '--out', folder / 'out.npz']
    return {
        'train.py, annotation': ('train', [pretrain, '--work-dir', out, *options]),
        'test.py, annotation': ('test', [knn, checkpoint, *options]),
        'extract_features.py, annotation': ('extract_features', [knn, checkpoint, *features, *options]),
        'check_annotations.py': ('check_annotations', [annotation]),
        'hold_out.py': ('hold_out', [annotation, '--split', 'xsub_train', '--names', 'a', '--out', out]),
        'show': ('show', [annotation, '--out', folder / 'out.png']),
        'fuse_streams.py --preds': ('fuse_streams', ['--preds', annotation, annotation]),
        'fuse_streams.py --names': ('fuse_streams', ['--preds', sound, '--names', f'{annotation}:xsub_val']),
        'fuse_streams.py --search': ('fuse_streams', ['--preds', sound, '--search', annotation]),
        'fuse_streams.py --features': ('fuse_streams', ['--features', archive, '--gallery', archive]),
        'fuse_streams.py --features, an array': ('fuse_streams', ['--features', array, '--gallery', array]),
        'test.py': ('test', [knn, weights]),
        'test.py, old format': ('test', [knn, legacy]),
        'train.py --pretrained': ('train', [configs / 'linear.py', '--work-dir', out, '--pretrained', weights]),
        'train.py --resume': ('train', [pretrain, '--work-dir', out, '--resume', weights]),
        'extract_features.py': ('extract_features', [knn, weights, *features]),
        'info': ('info', [weights]),
        'official_checkpoint.py': ('official_checkpoint', [weights, folder / 'out.pth']),
        'official_checkpoint.py, old format': ('official_checkpoint', [legacy, folder / 'out.pth']),
        'official_checkpoint.py --to-official': ('official_checkpoint', ['--to-official', weights, folder / 'out.pth'])}


def broken_pickles() -> Dict[str, Any]:
    """Return harmful objects, by description, whose pickles use only allowed names."""
    at_an_address = Call(np.ndarray, (1, ), 'O', b'A' * 8)
    clip = dict(frame_dir='a', label=at_an_address, keypoint=np.ones((1, 3, 25, 3), 'f4'))
    return {
        'objects at an arbitrary address': Call(set, at_an_address),
        'a label at an arbitrary address': dict(split=dict(xsub_train=['a']), annotations=[clip]),
        'uninitialised memory': Call(np.ndarray, (64, )),
        'strides beyond the end of the data': Call(np.ndarray, (10, ), 'u1', b'x' * 8, 0, (10**6, )),
        'strides of zero': Call(np.ndarray, (1 << 33, ), 'u1', b'x', 0, (0, )),
        'a bytearray of 30 GB': Call(bytearray, 30 << 30),
        'an array of 30 GB': Call(np.ndarray, (30 << 30, ), 'u1'),
        'an unknown codec': Call(_codecs.encode, 'x', 'no-such-codec')}
