"""Settings that were compared for the recipe for small data, and the datasets they were compared on.

    python -m hico_mm.reproduction.sweep docs/experiments/small.py --out docs/experiments/small.jsonl

Each dataset is divided by subject or camera, within its training split.
"""

CONFIG = 'configs/hico/hico_lstm_nwucla_small.py'
BF16 = {'optim_wrapper.type': 'Bf16OptimWrapper'}
MSR = dict(
    name='msr_action3d', parents=[2, 2, 3, 6, 6, 6, 6, 0, 1, 7, 8, 9, 10, 4, 5, 13, 14, 15, 16, 2], center=6,
    spine=[6, 2], shoulders=[0, 1])


def nwucla(held):
    """Train on one of the training cameras, and score on the other."""
    return dict(ann_file='data/nwucla/nwucla.pkl', split='xview_train', held=held, layout='nw_ucla', num_classes=10)


def msr(held):
    """Hold out some of the training subjects."""
    return dict(ann_file='data/msr_action3d.pkl', split='xsub_train', held=held, layout=MSR, num_classes=20)


def utkinect(held):
    """Hold out some of the training subjects."""
    return dict(ann_file='data/utkinect.pkl', split='xsub_train', held=held, layout='nw_ucla', num_classes=10)


datasets = dict(
    nwucla_12=nwucla('_v02'),
    nwucla_21=nwucla('_v01'),
    msr_37=msr('_s(03|07)_'),
    msr_159=msr('_s(01|05|09)_'),
    utkinect_12=utkinect('_s(01|02)_'),
    bodies=dict(ann_file='data/demo_sweep/demo.pkl', split='xsub_train', held='P00(1|2)', layout='ntu', num_classes=10,
                options={'model.data_preprocessor.num_persons': 2}))

CROP = dict(type='TemporalCropResize', ratio=(0.5, 1.0), min_frames=16)
ROTATION = dict(type='RandomRotation')
BOX = dict(type='FitToBox')
CUBE = dict(type='FitToBox', per_axis=False)
CENTER = dict(type='CenterCropResize', ratio=0.95)


def views(*transforms, align='mean', box=BOX, **options):
    """A setting with these transforms between the crop and the box."""
    end = [box] if box else []
    view = [CROP, *transforms, *end]
    return dict(base=CONFIG, options={
        'model.data_preprocessor.train_views': [view, view],
        'model.data_preprocessor.test_views': [[CENTER, *end]],
        'train_dataloader.dataset.load_pipeline': [dict(type='NormalizeSkeleton', align=align)], **BF16, **options})


LEVELS = {f'model.{part}.levels': ['instance'] for part in ('projector', 'head')}


def one_of(ratio, magnitude):
    """The released augmentations with other strengths."""
    return dict(type='OneOf', transforms=[
        dict(type='JointCorruption', ratio=ratio), dict(type='PoseShear', magnitude=magnitude)])


steps = 1200
seeds = [0]
settings = dict(
    untrained=dict(base=CONFIG, steps=0),
    shipped=dict(base=CONFIG, options=BF16),
    box_mean=views(ROTATION),
    box_first=views(ROTATION, align='first_frame'),
    mean=views(ROTATION, box=None),
    cube_mean=views(ROTATION, box=CUBE),
    cube_first=views(ROTATION, box=CUBE, align='first_frame'),
    first=views(ROTATION, box=None, align='first_frame'),
    cube_first_instance=views(ROTATION, box=CUBE, align='first_frame', **LEVELS),
    cube_first_weak=views(ROTATION, one_of(0.3, 0.5), box=CUBE, align='first_frame'))
