"""Mistakes that users make: files and configs to make them with, and the command of each.

A mistake is known by what is wrong, in the words of the first column of docs/errors.md, where what is printed stands
beside it.
"""

import contextlib
import errno
import importlib
import io
import os
import pickle
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import numpy as np
import torch
from mmaction.visualization import ActionVisualizer
from mmengine.logging import MessageHub, MMLogger
from mmengine.visualization import Visualizer

from hico_mm import compat
from hico_mm.fileio import dump_pickle
from tests.converters import own
from tests.helpers import make_annotation

ROOT = Path(__file__).parents[2]
DOC = ROOT / 'docs' / 'errors.md'
LOADERS = '\n'.join(
    f"{part}_dataloader = dict(batch_size=4, dataset=dict(ann_file='mine.pkl', split='{split}'))"
    for part, split in (('train', 'train'), ('val', 'val'), ('test', 'val')))
CONFIGS = dict(
    pretrain=f"""
_base_ = '{ROOT}/configs/hico/demo/hico_lstm_demo.py'
{LOADERS}
model = dict(backbone=dict(channels=16), projector=dict(hidden_channels=16, out_channels=8),
             head=dict(queue_length=40), neck=dict(encoder=dict(_delete_=True, type='TransformerEncoder')))
train_cfg = dict(max_epochs=2, val_begin=1, val_interval=1)
""",
    linear=f"""
_base_ = '{ROOT}/configs/hico/linear/hico_demo_linear.py'
{LOADERS}
train_cfg = dict(max_epochs=2)
""",
    finetune=f"""
_base_ = [
    '{ROOT}/configs/_base_/models/finetune.py', '{ROOT}/configs/_base_/datasets/demo.py',
    '{ROOT}/configs/_base_/schedules/finetune.py']
{LOADERS}
model = dict(cls_head=_base_.skeleton.cls_head)
train_cfg = dict(max_epochs=2, val_begin=1, val_interval=1)
""",
    knn=f"""
_base_ = '{ROOT}/configs/hico/knn/hico_demo_knn.py'
{LOADERS}
""",
    gru="_base_ = './knn.py'\nmodel = dict(neck=dict(type='UDMNeck', encoder=dict(type='GRUEncoder')))\n",
    syntax="_base_ = './knn.py'\nmodel = dict(\n",
    nobase="_base_ = './gone.py'\n",
    nomodel='work_dir = "w"\n',
    scratch="_base_ = './finetune.py'\nload_from = 'gone.pth'\n",
    forever="_base_ = './pretrain.py'\ntrain_cfg = dict(_delete_=True, type='IterBasedTrainLoop', max_iters=3)\n",
)


def _keypoints(change):
    """A change of the keypoints of every clip."""

    def apply(tree):
        for clip in tree['annotations']:
            clip['keypoint'] = change(clip['keypoint'])

    return apply


def _first(**values):
    """A change of the first clip."""
    return lambda tree: tree['annotations'][0].update(values)


def _labels(tree, names, label):
    for clip in tree['annotations']:
        if clip['frame_dir'] in names:
            clip['label'] = label


CLIP = np.ones((1, 9, 25, 3), 'f4')
ANNOTATIONS = dict(
    nosplit=lambda t: t['split'].update(train=[]),
    gone=lambda t: t['split'].update(train=['a', 'b']),
    joints17=_keypoints(lambda k: k[:, :, :17]),
    plane=_keypoints(lambda k: k[..., :2]),
    three=_keypoints(lambda k: np.concatenate([k, k])[:3]),
    nan=_first(keypoint=CLIP * np.nan, total_frames=9),
    far=_first(keypoint=CLIP * 1e30, total_frames=9),
    wide=_first(keypoint=CLIP.astype('f8') * 1e300, total_frames=9),
    empty=_first(keypoint=CLIP * 0, total_frames=9),
    text=_first(label='wave'),
    beyond=_first(label=999),
    beyond_val=lambda t: _labels(t, t['split']['val'][:3], 999),
    twice=lambda t: t['annotations'].append(dict(t['annotations'][0], label=3)),
    less=lambda t: t['split'].update(train=t['split']['train'][:9]),
)


def make_scene(folder):
    """Fill a folder with a sound annotation, damaged ones, configs, a checkpoint, and files that are something else."""
    sound = make_annotation()
    dump_pickle(sound, folder / 'mine.pkl')
    for name, change in ANNOTATIONS.items():
        tree = pickle.loads(pickle.dumps(sound))
        change(tree)
        dump_pickle(tree, folder / f'{name}.pkl')
    dump_pickle(sound['annotations'], folder / 'list.pkl')
    for name, text in CONFIGS.items():
        (folder / f'{name}.py').write_text(text)
    for name in ('folder', 'folder.npz', 'folder.pkl', 'folder.png', 'folder.pth', 'w_there'):
        (folder / name).mkdir()
    (folder / 'lonely').mkdir()
    (folder / 'notes.txt').write_text('# Notes\n')
    _make_recordings(folder)
    _make_dumps(folder)
    code, printed = run('train pretrain.py --work-dir source --seed 1', folder)
    assert code == 0, printed
    shutil.copy(folder / 'source' / 'epoch_2.pth', folder / 'ckpt.pth')
    _make_checkpoints(folder)
    np.save(folder / 'clip.npy', CLIP)
    code, printed = run('search index ckpt.pth --ann-file mine.pkl --split train --out similar.npz', folder)
    assert code == 0, printed


def _make_recordings(folder):
    """Recordings of one's own, sound and not."""
    own.mmpose(folder / 'poses' / 'wave' / 'clip.json', [own.picture('coco')])
    shutil.copytree(folder / 'poses', folder / 'poses_cut')
    own.write(folder / 'poses_cut' / 'wave' / 'cut.json', '{"instance_info": [')
    shutil.copytree(folder / 'poses', folder / 'poses_mixed')
    own.azure(folder / 'poses_mixed' / 'azure.json')
    own.mmpose(folder / 'poses18' / 'clip.json', [own.picture('openpose_coco18')])
    own.write(folder / 'videos' / 'a.mp4', 'x')
    own.write(folder / 'full.csv', 'file,label,subject\nwave/clip.json,wave,anna\n')
    own.write(folder / 'gone.csv', 'file,label\nwave/clip.json,wave\nwave/gone.json,wave\n')
    own.write(folder / 'misspelt.csv', 'file,lable\n')
    for name, array in dict(array=own.body('ntu'), array_mm=1000 * own.body('ntu'), array_down=-own.body('ntu'),
                            array_vtc=own.body('ntu').transpose(1, 0, 2)).items():
        np.save(folder / f'{name}.npy', array)


def _make_dumps(folder):
    """Predictions and features, sound and not."""
    for name, label in (('dump', 0), ('dump_beyond', 90)):
        dump_pickle([dict(frame_dir=f'{i}', pred_score=np.eye(4)[i % 4], gt_label=np.array([i % 4 + label]))
                     for i in range(8)], folder / f'{name}.pkl')
    dump_pickle([dict(pred_score=np.eye(4)[0], gt_label=np.array([0]))], folder / 'dump_nameless.pkl')
    for name, start in (('gallery', 0), ('queries', 8)):
        names = np.array([f'{i}' for i in range(start, start + 8)])
        np.savez(folder / f'{name}.npz', feature=np.eye(8), label=np.arange(8) % 4, name=names)


def _make_checkpoints(folder):
    content = (folder / 'ckpt.pth').read_bytes()
    (folder / 'half.pth').write_bytes(content[:-3000])
    (folder / 'lonely' / 'ckpt.pth').write_bytes(content)
    (folder / 'empty.pth').write_bytes(b'')
    flipped = bytearray(content)
    with zipfile.ZipFile(folder / 'ckpt.pth') as archive:
        largest = max(archive.infolist(), key=lambda record: record.file_size)
    flipped[largest.header_offset + 200 + largest.file_size // 2] ^= 1
    (folder / 'flipped.pth').write_bytes(flipped)
    torch.save(torch.nn.Linear(2, 2).state_dict(), folder / 'other.pth')
    torch.save([1, 2], folder / 'pair.pth')
    shutil.copytree(folder / 'source', folder / 'damaged')
    (folder / 'taken' / 'epoch_5.pth').mkdir(parents=True)
    (folder / 'damaged' / 'epoch_2.pth').write_bytes(content[:-3000])


class Mistake(NamedTuple):
    """A mistake.

    Args:
        command: The command line: the name of a tool, then its arguments. Files are those of :func:`make_scene`.
        slow: Whether it takes seconds.
    """

    command: str
    slow: bool = False


TRAIN = 'train pretrain.py --work-dir w --epochs 1'
OPTION = f'{TRAIN} --cfg-options'
TEST = 'test knn.py ckpt.pth --work-dir w'
LINEAR = 'train linear.py --work-dir w'
FINETUNE = 'train finetune.py --work-dir w'
RESUME = 'train pretrain.py --work-dir w --resume'


def _with(name, command=OPTION):
    """A command with another annotation."""
    return ' '.join([command, *(f'{part}_dataloader.dataset.ann_file={name}' for part in ('train', 'val', 'test'))])


MISTAKES = {
    # Installing
    'MMCV is too new': Mistake('install mmcv 2.2.0'),
    'NumPy is too new for PyTorch': Mistake('numpy'),
    'MMAction2 is not installed': Mistake('install mmaction2 none'),
    # Output files
    'a full disk': Mistake('full dump.pkl'),
    'a folder that is read-only': Mistake('readonly dump.pkl'),
    # Annotation files
    'an annotation that does not exist': Mistake(_with('gone/mine.pkl')),
    'a folder in place of an annotation': Mistake(_with('folder'), slow=True),
    'a text file in place of an annotation': Mistake(_with('notes.txt')),
    'a checkpoint in place of an annotation': Mistake(_with('ckpt.pth')),
    'a dump of predictions in place of an annotation': Mistake(_with('dump.pkl')),
    'a list in place of an annotation with splits': Mistake(_with('list.pkl'), slow=True),
    'a split that does not exist': Mistake(f'{OPTION} train_dataloader.dataset.split=xset_train'),
    'an empty split': Mistake(_with('nosplit.pkl'), slow=True),
    'a split of clips that do not exist': Mistake(_with('gone.pkl')),
    'clips that are trained on and tested on': Mistake(
        f'{OPTION} train_dataloader.dataset.split=val train_cfg.val_begin=9', slow=True),
    'a clip of the same name twice': Mistake(_with('twice.pkl')),
    '17 joints for a config of 25': Mistake(_with('joints17.pkl')),
    '2-D keypoints for a config of 3-D': Mistake(_with('plane.pkl')),
    'a clip with NaN': Mistake(_with('nan.pkl')),
    'a clip with coordinates of 1e30': Mistake(_with('far.pkl')),
    'a clip with numbers beyond float32': Mistake(_with('wide.pkl'), slow=True),
    'a clip without a person': Mistake(_with('empty.pkl'), slow=True),
    'a label that is text': Mistake(_with('text.pkl')),
    'labels beyond the classes, pretraining': Mistake(_with('beyond.pkl'), slow=True),
    'labels beyond the classes, linear evaluation': Mistake(
        _with('beyond.pkl', f'{LINEAR} --pretrained ckpt.pth --cfg-options'), slow=True),
    'labels beyond the classes, finetuning': Mistake(
        _with('beyond.pkl', f'{FINETUNE} --pretrained ckpt.pth --cfg-options'), slow=True),
    'labels beyond the classes in the test split, linear evaluation': Mistake(
        _with('beyond_val.pkl', f'{LINEAR} --pretrained ckpt.pth --cfg-options'), slow=True),
    'labels beyond the classes in the test split, retrieval': Mistake(
        _with('beyond_val.pkl', f'{TEST} --cfg-options'), slow=True),
    'clips with more persons than the model takes': Mistake(_with('three.pkl'), slow=True),
    'a layout with a different number of joints': Mistake(f'{OPTION} model.data_preprocessor.layout=nw_ucla'),
    'a layout with an unknown name': Mistake(f'{OPTION} model.data_preprocessor.layout=ntu25'),
    'check: a folder': Mistake('check_annotations folder'),
    'check: a clip with NaN': Mistake('check_annotations nan.pkl'),
    'hold-out: a pattern that is not a regular expression': Mistake(
        "hold_out mine.pkl --split train --names '(' --out o.pkl"),
    'hold-out: a pattern that matches no clip': Mistake('hold_out mine.pkl --split train --names S --out o.pkl'),
    'hold-out: an annotation without splits': Mistake('hold_out list.pkl --split train --names 1 --out o.pkl'),
    'show: another layout': Mistake('show mine.pkl --layout coco --out c.png'),
    'show: a clip that does not exist': Mistake('show mine.pkl --clips nobody --out c.png'),
    'show: a file that is not an annotation': Mistake('show dump.pkl --out c.png'),
    'show: a clip without a layout that fits': Mistake('show joints17.pkl --layout ntu --out c.png'),
    'show: the format of an annotation': Mistake('show mine.pkl --format array --out c.png'),
    'show: a picture of an unknown format': Mistake('show mine.pkl --out c.jpg'),
    'show: views without a config': Mistake('show mine.pkl --views --out c.png'),
    'show: views of another skeleton': Mistake('show joints17.pkl --views --config hico_gru_nwucla --out c.gif'),
    # Configs and options
    'a config that does not exist': Mistake('train configs/nope.py'),
    'a config of an earlier version': Mistake('train configs/hico/linear/hico_gru_ntu60_linear.py'),
    'a folder in place of a config': Mistake('train folder'),
    'a config with a syntax error': Mistake('train syntax.py'),
    'a config whose base does not exist': Mistake('train nobase.py'),
    'a config without a model': Mistake('train nomodel.py'),
    'a fragment that does not exist': Mistake('train pretrain.py --with gone.py'),
    'an option without an equals sign': Mistake(f'{OPTION} model.head.temperature'),
    'a misspelt part of the config': Mistake(f'{OPTION} train_dataloder.batch_size=8'),
    'a misspelt part of the config, testing': Mistake(f'{TEST} --cfg-options test_dataloder.batch_size=8'),
    'a misspelt part of the config, reproduce.py': Mistake(
        'reproduce --encoder gru --dataset nwucla --plan --cfg-options train_dataloder.batch_size=8'),
    'an option of reproduce.py without an equals sign': Mistake(
        'reproduce --encoder gru --dataset nwucla --plan --cfg-options seed'),
    'only the end of a key': Mistake(f'{OPTION} lr=0.1'),
    'seed as an option': Mistake(f'{OPTION} seed=7'),
    'a helper variable of a base config': Mistake(f'{OPTION} skeleton.cls_head.num_classes=5'),
    'a name that only a base config has': Mistake(f'{OPTION} ann_file=/nowhere.pkl'),
    'param_schedulers for param_scheduler': Mistake(f'{OPTION} param_schedulers=None'),
    'max_epochs without train_cfg': Mistake(f'{OPTION} max_epochs=3'),
    'optimizer without optim_wrapper': Mistake(f'{OPTION} optimizer.lr=1'),
    'a misspelt argument of the optimizer': Mistake(f'{OPTION} optim_wrapper.optimizer.learning_rate=1'),
    'an optimizer with an unknown name': Mistake(f'{OPTION} optim_wrapper.optimizer.type=Adma'),
    'a misspelt part of the model': Mistake(f'{OPTION} model.hed.temperature=0.1'),
    'a misspelt argument of the head': Mistake(f'{OPTION} model.head.temprature=0.1'),
    'a misspelt argument of the preprocessor': Mistake(f'{OPTION} model.data_preprocessor.streams=bone'),
    'a stream with an unknown name': Mistake(f'{OPTION} model.data_preprocessor.stream=bones'),
    'a misspelt argument of the classifier': Mistake(f'{OPTION} model.cls_head.kk=5'),
    'a misspelt argument of the backbone': Mistake(f'{OPTION} model.backbone.chanels=32'),
    'a misspelt argument of the dataset': Mistake(f'{OPTION} train_dataloader.dataset.splt=x'),
    'a dataset with an unknown name': Mistake(f'{OPTION} train_dataloader.dataset.type=SkeletonDatset'),
    'a misspelt argument of the loader': Mistake(f'{OPTION} train_dataloader.batchsize=8'),
    'a misspelt argument of a hook': Mistake(f'{OPTION} default_hooks.checkpoint.intervall=2'),
    'a misspelt hook': Mistake(f'{OPTION} default_hooks.chekpoint.interval=2'),
    'a misspelt argument of the loop': Mistake(f'{OPTION} train_cfg.val_intervall=1'),
    'text for a number': Mistake(f'{OPTION} model.head.temperature=low'),
    'text for a width': Mistake(f'{OPTION} model.backbone.channels=wide'),
    'a temperature of 0': Mistake(f'{OPTION} model.head.temperature=0'),
    'a temperature below 0': Mistake(f'{OPTION} model.head.temperature=-0.2', slow=True),
    'a queue of length 0': Mistake(f'{OPTION} model.head.queue_length=0', slow=True),
    'a list index that does not exist': Mistake(f'{OPTION} param_scheduler.7.gamma=1'),
    'a component with an unknown name': Mistake(f'{OPTION} model.neck.encoder.type=Mamba'),
    'more granularities than the clip can be halved into': Mistake(f'{OPTION} model.neck.num_granularities=9'),
    'an odd width for a recurrent encoder': Mistake(
        f'{OPTION} model.backbone.channels=15 model.neck.encoder.type=LSTMEncoder'),
    'a width that the attention heads do not divide': Mistake(f'{OPTION} model.backbone.channels=15'),
    'an unknown option': Mistake(f'{TRAIN} --lr 1'),
    'a shortened option': Mistake('train pretrain.py --work-dir w --epoch 1'),
    'reproduce: a misspelt task': Mistake('reproduce --encoder gru --dataset nwucla --tasks lineer --plan'),
    'reproduce: data that does not exist': Mistake(
        'reproduce --encoder lstm --dataset pku1 --tasks knn --out rep --epochs 1'),
    # Checkpoints
    'a checkpoint with another encoder': Mistake('test gru.py ckpt.pth --work-dir w'),
    'a checkpoint with another width': Mistake(f'{TEST} --cfg-options model.backbone.channels=32'),
    'a checkpoint with another number of granularities': Mistake(
        f'{TEST} --cfg-options model.neck.num_granularities=3'),
    'a checkpoint with another number of attention heads': Mistake(
        f'{TEST} --cfg-options model.neck.encoder.num_heads=8'),
    'a checkpoint with another stream': Mistake(f'{TEST} --cfg-options model.data_preprocessor.stream=bone'),
    'a checkpoint with another number of persons': Mistake(
        f'{TEST} --cfg-options model.data_preprocessor.num_persons=1'),
    'clips prepared differently than in training': Mistake(
        f'{TEST} --cfg-options test_dataloader.dataset.load_pipeline=[]'),
    'a checkpoint that does not exist': Mistake('test knn.py gone.pth --work-dir w'),
    'a truncated checkpoint': Mistake('test knn.py half.pth --work-dir w'),
    'an empty checkpoint': Mistake('test knn.py empty.pth --work-dir w'),
    'a checkpoint with a flipped bit': Mistake('test knn.py flipped.pth --work-dir w'),
    'a checkpoint of another model': Mistake('test knn.py other.pth --work-dir w'),
    'a list in place of a checkpoint': Mistake('test knn.py pair.pth --work-dir w'),
    'an annotation in place of a checkpoint': Mistake('test knn.py mine.pkl --work-dir w'),
    'a folder in place of a checkpoint': Mistake('test knn.py folder.pth --work-dir w'),
    '--pretrained that does not exist': Mistake(f'{LINEAR} --pretrained gone.pth'),
    '--pretrained that is a folder': Mistake(f'{LINEAR} --pretrained folder.pth'),
    '--pretrained that is truncated': Mistake(f'{LINEAR} --pretrained half.pth'),
    'linear evaluation without --pretrained': Mistake(LINEAR),
    'linear evaluation with --pretrained none': Mistake(f'{LINEAR} --pretrained none'),
    'finetuning without --pretrained': Mistake(FINETUNE),
    'two sources of the encoder': Mistake(f'{LINEAR} --pretrained ckpt.pth --cfg-options model.pretrained=other.pth'),
    'a config that starts from a checkpoint that does not exist': Mistake(f'{TRAIN} --cfg-options load_from=gone.pth'),
    'info: a truncated checkpoint': Mistake('info half.pth'),
    'convert-checkpoint: one of ours': Mistake('official_checkpoint ckpt.pth o.pth'),
    'convert-checkpoint: a file that does not exist': Mistake('official_checkpoint gone.pth o.pth'),
    # Training
    'fewer clips than a batch': Mistake(f'{OPTION} train_dataloader.batch_size=4096'),
    'a batch of 0 clips': Mistake(f'{OPTION} train_dataloader.batch_size=0'),
    'a batch of 0 clips, testing': Mistake(f'{TEST} --cfg-options test_dataloader.batch_size=0'),
    'a batch of 0 features': Mistake(f'{LINEAR} --pretrained ckpt.pth --cfg-options train_cfg.batch_size=0'),
    'a negative number of workers': Mistake(f'{OPTION} train_dataloader.num_workers=-1'),
    '0 epochs': Mistake('train pretrain.py --epochs 0'),
    '0 epochs in the config': Mistake('train pretrain.py --cfg-options train_cfg.max_epochs=0'),
    '--epochs for a config that counts iterations': Mistake('train forever.py --epochs 3'),
    'a learning rate below 0': Mistake(f'{OPTION} optim_wrapper.optimizer.lr=-0.1'),
    'a learning rate that diverges': Mistake(
        'train pretrain.py --work-dir w --epochs 9 --cfg-options optim_wrapper.optimizer.lr=1e12 param_scheduler=None',
        slow=True),
    'a seed below 0': Mistake(f'{TRAIN} --seed -1'),
    'a seed that is too large': Mistake(f'{TRAIN} --seed 1099511627776'),
    'a seed that is too large, testing': Mistake(f'{TEST} --seed 1099511627776'),
    '--amp without a GPU or bfloat16': Mistake('amp'),
    '--auto-scale-lr for a config that names no base batch': Mistake(
        'train pretrain.py --auto-scale-lr --cfg-options auto_scale_lr=None'),
    'a work directory that is a file': Mistake('train pretrain.py --work-dir notes.txt'),
    'a work directory below a file': Mistake('train pretrain.py --work-dir notes.txt/w'),
    'a work directory that contains a folder with the name of a checkpoint': Mistake(
        'train pretrain.py --work-dir taken'),
    # Resuming
    '--resume in a folder without a checkpoint': Mistake(RESUME, slow=True),
    '--resume of a file that does not exist': Mistake(f'{RESUME} gone.pth'),
    '--resume of a folder': Mistake(f'{RESUME} folder.pth'),
    '--resume of a truncated file': Mistake(f'{RESUME} half.pth'),
    'a truncated newest checkpoint': Mistake('train pretrain.py --work-dir damaged --resume', slow=True),
    '--resume CKPT and --pretrained': Mistake(f'{RESUME} a.pth --pretrained none'),
    "another encoder than the run's": Mistake('train pretrain.py --work-dir damaged --resume --pretrained ckpt.pth'),
    "another optimizer than the run's": Mistake(
        f'{RESUME} ckpt.pth --cfg-options optim_wrapper.optimizer.type=RAdam', slow=True),
    "a batch size that differs from the run's": Mistake(
        f'{RESUME} ckpt.pth --cfg-options train_cfg.max_epochs=3 train_dataloader.batch_size=6', slow=True),
    "a learning rate that differs from the run's": Mistake(
        f'{RESUME} ckpt.pth --cfg-options optim_wrapper.optimizer.lr=5.0', slow=True),
    "a seed that differs from the run's": Mistake(f'{RESUME} ckpt.pth --seed 99', slow=True),
    "data that differs from the run's": Mistake(_with('less.pkl', f'{RESUME} ckpt.pth --cfg-options'), slow=True),
    'fewer epochs than the run already has': Mistake(f'{RESUME} ckpt.pth --epochs 1', slow=True),
    # Evaluation and features
    'more neighbours than the gallery has clips': Mistake(f'{TEST} --cfg-options model.cls_head.k=100', slow=True),
    'more neighbours than the gallery has clips, pretraining': Mistake(f'{OPTION} model.cls_head.k=100', slow=True),
    'no neighbours': Mistake(f'{TEST} --cfg-options model.cls_head.k=0'),
    'an index that faiss does not know': Mistake(f'{TEST} --cfg-options model.cls_head.index=HNSWX', slow=True),
    '--dump of another format': Mistake(f'{TEST} --dump x.txt'),
    '--dump into a folder that cannot be made': Mistake(f'{TEST} --dump notes.txt/x.pkl'),
    '--dump that is a folder': Mistake(f'{TEST} --dump folder.pkl'),
    'extract: a split that does not exist': Mistake(
        'extract_features knn.py ckpt.pth --split nope --out f.npz'),
    'extract: --out that is a folder': Mistake(
        'extract_features knn.py ckpt.pth --split val --out folder.npz'),
    'extract: a GPU that does not exist': Mistake(
        'extract_features knn.py ckpt.pth --split val --out f.npz --device cuda'),
    'extract: a device with an unknown name': Mistake(
        'extract_features knn.py ckpt.pth --split val --out f.npz --device gpu'),
    'extract: a seed that is too large': Mistake(
        'extract_features knn.py ckpt.pth --split val --out f.npz --seed 1099511627776'),
    'extract: an option of the head': Mistake(
        'extract_features knn.py ckpt.pth --split val --out f.npz --cfg-options model.cls_head.k=5'),
    'export: --out of another format': Mistake('export ckpt.pth --out f.pkl'),
    'export: a file that is no checkpoint': Mistake('export mine.pkl --out f.onnx'),
    'curves: a folder without a log': Mistake('plot_curves folder --out c.png'),
    'curves: --out that is a folder': Mistake('plot_curves source --out folder.png'),
    'curves: --out of another format': Mistake('plot_curves source --out c.gif'),
    'report: a folder without a checkpoint': Mistake('report folder --out r.html'),
    'report: a work directory that does not exist': Mistake('report gone --out r.html'),
    'report: a checkpoint without the config of its run': Mistake('report lonely/ckpt.pth --out r.html'),
    'report: two runs with the same name': Mistake('report source source/epoch_2.pth --out r.html'),
    'report: --names for only some runs': Mistake('report source damaged --names a --out r.html'),
    'report: a list of classes that does not exist': Mistake('report source --out r.html --classes gone.txt'),
    'report: too few names of classes': Mistake('report source --out r.html --classes notes.txt'),
    'report: --out of another format': Mistake('report source --out r.pdf'),
    # Search and inference
    'search: a checkpoint whose encoder is not that of the gallery': Mistake(
        'search query similar.npz --like clip1 --checkpoint source/epoch_1.pth'),
    'search: a gallery that is something else': Mistake('search query gallery.npz --like clip1'),
    'search: a clip that is neither in the gallery nor a file': Mistake('search query similar.npz --like nope'),
    'search: a clip with another skeleton': Mistake('search query similar.npz --like joints17.pkl:clip1'),
    'search: a clip that is in the gallery already': Mistake(
        'search add similar.npz --ann-file mine.pkl --split train'),
    'search: the axes of something that is not an array': Mistake(
        'search query similar.npz --like mine.pkl:clip1 --axes CTVM'),
    'infer: a file that does not exist': Mistake('infer ckpt.pth gone.npy'),
    'infer: a text file that is not a recording': Mistake('infer ckpt.pth notes.txt'),
    'infer: axes that do not fit the array': Mistake('infer ckpt.pth clip.npy --axes CTV'),
    'infer: the size of the picture for a clip in space': Mistake('infer ckpt.pth clip.npy --img-shape 480 640'),
    'infer: frames that the clip does not have': Mistake('infer ckpt.pth clip.npy --frames 5 10'),
    # Fusion
    'dumps that do not exist': Mistake('fuse_streams --preds a.pkl b.pkl'),
    'folders in place of dumps': Mistake('fuse_streams --preds folder folder'),
    'annotations in place of dumps': Mistake('fuse_streams --preds mine.pkl mine.pkl'),
    'a weight that is NaN': Mistake('fuse_streams --preds dump.pkl dump.pkl --weights nan 1'),
    'a weight below 0': Mistake('fuse_streams --preds dump.pkl dump.pkl --weights -1 1'),
    'weights that are all 0': Mistake('fuse_streams --preds dump.pkl dump.pkl --weights 0 0'),
    'fewer weights than streams': Mistake('fuse_streams --preds dump.pkl dump.pkl --weights 1'),
    'labels beyond the scores': Mistake('fuse_streams --preds dump_beyond.pkl dump_beyond.pkl'),
    'dumps without names': Mistake('fuse_streams --preds dump_nameless.pkl dump_nameless.pkl'),
    '--search on the test clips': Mistake('fuse_streams --preds dump.pkl dump.pkl --search dump.pkl dump.pkl'),
    '--features and no --gallery': Mistake('fuse_streams --features queries.npz'),
    'a gallery that has the test clips': Mistake('fuse_streams --features queries.npz --gallery queries.npz'),
    'a folder in place of features': Mistake('fuse_streams --features folder.npz --gallery gallery.npz'),
    '--out of the fusion that is a folder': Mistake('fuse_streams --preds dump.pkl dump.pkl --out folder.pkl'),
    # Converters
    'prepare_ntu.py: a folder without recordings': Mistake('prepare_ntu --raw folder --dataset ntu60 --out o.pkl'),
    'prepare_ntu.py: --raw that does not exist': Mistake('prepare_ntu --raw nope --dataset ntu60 --out o.pkl'),
    'prepare_ntu.py: --out that is a folder': Mistake('prepare_ntu --raw folder --dataset ntu60 --out folder.pkl'),
    'prepare_ntu.py: --out below a file': Mistake('prepare_ntu --raw folder --dataset ntu60 --out notes.txt/o.pkl'),
    'prepare_ntu.py: no workers': Mistake('prepare_ntu --raw folder --dataset ntu60 --out o.pkl --workers 0'),
    'prepare_ntu.py: --missing that is an image': Mistake(
        f'prepare_ntu --raw folder --dataset ntu60 --out o.pkl --missing {ROOT}/docs/clips.png'),
    'prepare_ntu.py: --missing that does not exist': Mistake(
        'prepare_ntu --raw folder --dataset ntu60 --out o.pkl --missing gone.txt'),
    'prepare_nwucla.py: a folder without clips': Mistake('prepare_nwucla --raw folder --out o.pkl'),
    'prepare_pku.py: a folder without recordings': Mistake('prepare_pku --raw folder --part 1 --out o.pkl'),
    'make-demo: --out that exists': Mistake('make_demo --out folder'),
    'make-demo: --out below a file': Mistake('make_demo --out notes.txt/demo'),
    'make-demo: no subjects': Mistake('make_demo --out demo --num-subjects 0'),
    'convert: files of no known format': Mistake('convert folder --out o.pkl'),
    'convert: files of two formats': Mistake('convert poses_mixed --out o.pkl'),
    'convert: a format that does not exist': Mistake('convert poses --format bvh --out o.pkl'),
    'convert: another number of joints': Mistake('convert poses18 --out o.pkl'),
    'convert: an unreadable file among others': Mistake('convert poses_cut --out o.pkl'),
    'convert: an unreadable file among others, --strict': Mistake('convert poses_cut --out o.pkl --strict'),
    'convert: an array whose axes are not stated': Mistake('convert array.npy --out o.pkl'),
    'convert: swapped axes': Mistake('convert array_vtc.npy --axes TVC --layout ntu --out o.pkl'),
    'convert: millimetres': Mistake('convert array_mm.npy --axes TVC --layout ntu --out o.pkl'),
    'convert: y grows downwards': Mistake('convert array_down.npy --axes TVC --layout ntu --out o.pkl'),
    'convert: pictures of unknown size': Mistake('convert poses --out o.pkl'),
    'convert: a manifest with a misspelt column': Mistake('convert poses --manifest misspelt.csv --out o.pkl'),
    'convert: a label without a file': Mistake('convert poses --manifest gone.csv --out o.pkl'),
    'convert: videos, but no --pose': Mistake('convert videos --out o.pkl'),
    'convert: clips without a subject': Mistake('convert poses --split subject --out o.pkl'),
    'convert: a subject that nobody is': Mistake(
        'convert poses --manifest full.csv --split subject --test ben --out o.pkl'),
    'convert: --test and --test-ratio': Mistake(
        'convert poses --split subject --test anna --test-ratio 0.5 --out c.pkl'),
    'convert: --init that exists': Mistake('convert poses --init full.csv'),
    # Several processes
    'dist_train.sh without a number of processes': Mistake('dist_train.sh pretrain.py'),
    'dist_test.sh without a number of processes': Mistake('dist_test.sh knn.py ckpt.pth'),
    'slurm_train.sh without a config': Mistake('slurm_train.sh partition job'),
    'slurm without a GPU': Mistake('train pretrain.py --launcher slurm'),
    '--launcher pytorch without torchrun': Mistake('train pretrain.py --launcher pytorch'),
    'a batch per process that is larger than its share of the clips': Mistake(
        'dist_train.sh pretrain.py 2 --work-dir w --cfg-options train_dataloader.batch_size=8', slow=True),
}


def _install(folder, package, version):
    """The check of the packages, where one has another version."""
    found = importlib.util.find_spec
    with mock.patch.object(compat, '_installed_version', lambda name: (
            None if version == 'none' else version) if name == package else None), \
            mock.patch.object(compat.importlib.util, 'find_spec', lambda name, *args: (
                None if package.startswith(name) else found(name, *args))):
        try:
            compat.check_versions()
        except ImportError as error:
            return 1, f'ImportError: {error}'
    return 0, ''


def _full(folder, name):
    """Fusion onto a disk that is full when the file is written."""
    with mock.patch('hico_mm.fileio.pickle.Pickler') as pickler:
        pickler.return_value.dump.side_effect = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return run(f'fuse_streams --preds {name} {name} --out fused.pkl', folder)


def _readonly(folder, name):
    """Fusion into a folder on which the system refuses to write."""
    refuse = mock.Mock(side_effect=OSError(errno.EROFS, os.strerror(errno.EROFS), '/tmp/x'))
    with mock.patch('hico_mm.fileio.tempfile.TemporaryFile', refuse):
        return run(f'fuse_streams --preds {name} {name} --out folder/fused.pkl', folder)


def _numpy(folder):
    """The check of NumPy, where torch was built for another."""
    with mock.patch('torch.zeros') as zeros:
        zeros.return_value.numpy.side_effect = RuntimeError('Numpy is not available')
        try:
            compat.check_numpy()
        except ImportError as error:
            return 1, f'ImportError: {error}'
    return 0, ''


def _amp(folder):
    with mock.patch('hico_mm.engine.half_precision.computes_in_bfloat16', lambda: False), \
            mock.patch('hico_mm.engine.half_precision.get_device', lambda: 'cpu'):
        return run(f'{TRAIN} --amp', folder)


CONDITIONS = dict(amp=_amp, install=_install, numpy=_numpy, full=_full, readonly=_readonly)


@contextlib.contextmanager
def inside(folder):
    """``contextlib.chdir`` of Python 3.11."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def run(command, folder):
    """Run a command in a folder -> its exit status, and what it printed to either stream.

    A command of Python runs in this process; an exception that it lets out counts as a traceback.
    """
    tool, *argv = shlex.split(command)
    for visualizer in ActionVisualizer._instance_dict.values():  # threads of TensorBoard write on behind a run
        visualizer.close()
    shutil.rmtree(folder / 'w', ignore_errors=True)
    if tool in CONDITIONS:
        return CONDITIONS[tool](folder, *argv)
    if tool.endswith('.sh'):
        environment = dict(os.environ, PYTHON=sys.executable, PORT='29517')
        done = subprocess.run(['bash', ROOT / 'tools' / tool, *argv], cwd=folder, env=environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout
    # They write where the last run did, if it began within a second.
    for kind in (MMLogger, MessageHub, Visualizer, ActionVisualizer):
        kind._instance_dict.clear()
    printed = io.StringIO()
    with inside(folder), contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            code = importlib.import_module(f'hico_mm.cli.{tool}').main(argv)
        except SystemExit as stop:
            code = stop.code
    return code, printed.getvalue()


class Row(NamedTuple):
    """A row of docs/errors.md: what is wrong, what is printed, and the exit status that goes with it."""

    wrong: str
    printed: str
    code: int


def documented():
    """The rows of docs/errors.md."""
    cells = (line.strip('|').split(' | ') for line in DOC.read_text().splitlines() if line.startswith('| '))
    return [row for row in map(_row, cells) if row is not None]


def _row(cells):
    text = re.fullmatch(r'\s*(warning |usage )?`(.*)`\s*', cells[1])
    if text is None:
        return None
    return Row(cells[0].strip(), text[2].replace(r'\|', '|'), {None: 1, 'usage ': 2, 'warning ': 0}[text[1]])


def is_printed(row, printed):
    """Whether a text has what a row says; … stands for a path, and (…) for what another package says."""
    pattern = r'\S*'.join(re.escape(part) for part in row.printed.split('…')).replace(r'\(\S*\)', r'\([^)]*\)')
    return re.search(pattern, ' '.join(printed.split())) is not None
