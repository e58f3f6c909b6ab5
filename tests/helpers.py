"""Tiny data and tiny models."""

import re

import numpy as np
import torch
from mmengine.config import Config

from hico_mm.engine import MeanLossHook
from hico_mm.engine.agreement import Agreement
from hico_mm.models.selfsup.shuffle import BatchShuffle
from hico_mm.structures import get_layout

# A config for MMAction2's own tools, over one of ours: clips are prepared as in the recipe for small datasets.
UPRIGHT = '''_base_ = '{}'
upright = dict(dataset=dict(load_pipeline=[dict(type='NormalizeSkeleton', align='upright')]))
train_dataloader = upright
val_dataloader = upright
test_dataloader = upright
'''


def make_annotation(layout='ntu', num_persons=2, num_classes=4, per_class=6, channels=3, seed=0):
    """An annotation of random walks, each class about a pose of its own; splits ``train`` and ``val``."""
    rng = np.random.default_rng(seed)
    joints = get_layout(layout).num_joints
    poses = rng.normal(size=(num_classes, num_persons, 1, joints, channels))
    clips = []
    for i in range(num_classes * per_class):
        frames = int(rng.integers(1, 120))
        keypoint = poses[i % num_classes] + 0.05 * rng.normal(size=(num_persons, frames, joints, channels)).cumsum(1)
        clips.append(dict(frame_dir=f'clip{i}', label=i % num_classes, total_frames=frames, img_shape=(1080, 1920),
                          keypoint=keypoint.astype(np.float32)))
    names = [clip['frame_dir'] for clip in clips]
    half = len(names) // 2
    return dict(split=dict(train=names[:half], val=names[half:]), annotations=clips)


def small_model(**changes):
    """Config of a HiCo model of width 16 for clips of 8 frames; ``changes`` are merged into it."""
    crop = dict(type='TemporalCropResize', clip_len=8)
    choice = dict(type='OneOf', transforms=[dict(type='JointCorruption'), dict(type='PoseShear')])
    model = Config(dict(model=dict(
        type='HiCo',
        backbone=dict(type='HiCoBackbone', clip_len=8, channels=16),
        neck=dict(type='UDMNeck', channels=16, encoder=dict(type='GRUEncoder')),
        projector=dict(type='HierarchicalProjector', in_channels=16, hidden_channels=16, out_channels=8),
        head=dict(type='HierarchicalContrastHead', dim=8, queue_length=10),
        cls_head=dict(type='KNNHead', num_classes=4),
        data_preprocessor=dict(type='SkeletonDataPreprocessor', train_views=[[crop, choice]] * 2,
                               test_views=[[dict(type='CenterCropResize', clip_len=8)]]))))
    model.merge_from_dict({f'model.{key}': value for key, value in changes.items()})
    return model.model


def skeleton_text(frames, end='\n'):
    """The text of an NTU file; each frame is a list of (ID, joints (V, 3))."""
    lines = [str(len(frames))]
    for frame in frames:
        lines.append(str(len(frame)))
        for name, joints in frame:
            lines += [f'{name} 0 1 0 1 0 0 -0.15 0.03 2', str(len(joints))]
            lines += [' '.join([*(f'{x:.9g}' for x in joint), '277.4 191.8 1036.2 519.2 -0.2 0.05 0.97 -0.12 2'])
                      for joint in joints]
    return end.join(lines) + end


def make_demo(run_tool, num_subjects):
    """Make the demo data as a user does; ``run_tool(script, *args)`` runs a script of ``tools/`` where they are wanted.

    Returns:
        The number of clips in each split.
    """
    raw = 'data/demo/raw'
    run_tool('data/make_demo.py', '--out', raw, '--num-subjects', num_subjects, '--workers', 2)
    printed = run_tool('data/prepare_ntu.py', '--raw', raw, '--dataset', 'ntu60', '--out', 'data/demo/demo.pkl',
                       '--missing', f'{raw}/missing.txt', '--workers', 2)
    return {name: int(size) for name, size in re.findall(r'  (\w+): (\d+)\n', printed)}


def shuffle_on(rank, folder):
    """What one of two ranks makes of its half of 0..15: the samples dealt to it, and ten times its own."""
    torch.manual_seed(rank)  # each rank has its own generator; rank 0's decides
    torch.distributed.init_process_group('gloo', f'file://{folder}/store', rank=rank, world_size=2)
    own = torch.arange(16.).view(2, 8, 1)[rank]
    shuffle = BatchShuffle.draw(8, own.device)
    dealt = shuffle.apply(own)
    torch.save((dealt, shuffle.undo(10 * dealt)), f'{folder}/{rank}.pth')
    torch.distributed.destroy_process_group()


def losses_on(rank, folder):
    """What one of two ranks logs after a step whose losses are its rank and ten times that, and its agreements."""
    torch.distributed.init_process_group('gloo', f'file://{folder}/store', rank=rank, world_size=2)
    outputs = dict(loss=torch.tensor(float(rank)), loss_clip=torch.tensor(10. * rank, dtype=torch.float64), text='kept')
    MeanLossHook().after_train_iter(None, 0, None, outputs)
    agreement = Agreement()
    agreed = [agreement.exchange(number) for number in ([0, 3, 0, 0], [1, 0, 0, 0])[rank]]
    torch.save((outputs, agreed), f'{folder}/{rank}.pth')
    torch.distributed.destroy_process_group()
