r"""Settings that were compared for the recipe for small data, and the datasets they were compared on.

    python -m hico_mm.reproduction.sweep docs/experiments/small.py --out docs/experiments/small.jsonl --seeds 0 \
        --steps 800 --datasets nwucla_21 msr_37 bodies \
        --settings before recipe joint motion first_frame released_views cube instance
    python -m hico_mm.reproduction.sweep docs/experiments/small.py --out docs/experiments/final.jsonl --test \
        --datasets nwucla_12 msr_37 utkinect_12 bodies \
        --settings raw_before raw untrained_before untrained before recipe

The first command divides each dataset by subject or camera, within its training split. The second one scores the test
splits. README.md has the other commands.
"""

CONFIG = 'configs/hico/hico_lstm_nwucla_small.py'
BF16 = {'optim_wrapper.type': 'Bf16OptimWrapper'}
MSR = dict(
    name='msr_action3d', parents=[2, 2, 3, 6, 6, 6, 6, 0, 1, 7, 8, 9, 10, 4, 5, 13, 14, 15, 16, 2], center=6,
    spine=[6, 2], shoulders=[0, 1])


def nwucla(held):
    """Train on one of the training cameras, and score on the other."""
    return dict(ann_file='data/nwucla/nwucla.pkl', split='xview_train', held=held, test='xview_val', layout='nw_ucla',
                num_classes=10, distinct='xview_val_distinct')


def msr(held):
    """Hold out some of the training subjects."""
    return dict(ann_file='data/msr_action3d.pkl', split='xsub_train', held=held, test='xsub_val', layout=MSR,
                num_classes=20)


def utkinect(held):
    """Hold out some of the training subjects."""
    return dict(ann_file='data/utkinect.pkl', split='xsub_train', held=held, test='xsub_val', layout='nw_ucla',
                num_classes=10)


datasets = dict(
    nwucla_12=nwucla('_v02'),
    nwucla_21=nwucla('_v01'),
    msr_37=msr('_s(03|07)_'),
    msr_159=msr('_s(01|05|09)_'),
    utkinect_12=utkinect('_s(01|02)_'),
    utkinect_45=utkinect('_s(04|05)_'),
    bodies=dict(ann_file='data/demo/demo.pkl', split='xsub_train', held='P00(1|2)', test='xsub_val',
                layout='ntu', num_classes=10, options={'model.data_preprocessor.num_persons': 2}))

CROP = dict(type='TemporalCropResize', ratio=(0.5, 1.0), min_frames=16)
ROTATION = dict(type='RandomRotation')
RELEASED = dict(type='OneOf', transforms=[dict(type='JointCorruption', ratio=0.6), dict(type='PoseShear')])


def setting(*transforms, align='upright', stream='joint+motion', box=None, **options):
    """The recipe with these transforms after the crop, and other changes."""
    end = [box] if box else []
    view = [CROP, *transforms, *end]
    return dict(base=CONFIG, options={
        'model.data_preprocessor.stream': stream, 'model.data_preprocessor.train_views': [view, view],
        'model.data_preprocessor.test_views': [[dict(type='CenterCropResize', ratio=0.95), *end]],
        'train_dataloader.dataset.load_pipeline': [dict(type='NormalizeSkeleton', align=align)], **BF16, **options})


def levels(*names):
    """Contrast these levels alone."""
    return {f'model.{part}.levels': list(names) for part in ('projector', 'head')}


def few_labels(draws, *steps, lr=3e-3):
    """Train with a few labels, and with all: the classifier alone, and the encoder with it."""
    return dict(base='configs/hico/finetune/hico_nwucla_finetune.py', fractions=[0.01, 0.05, 0.1, 0.2, 1], draws=draws,
                steps=steps, options={'optim_wrapper.optimizer.lr': lr, **BF16})


# The skeleton of nw_ucla as a graph of MMAction2: (joint, the joint at which its bone starts).
GRAPH = dict(mode='stgcn_spatial', layout=dict(num_node=20, center=1, inward=[
    (joint, parent) for joint, parent in enumerate((1, 2, 2, 2, 2, 4, 5, 6, 2, 8, 9, 10, 0, 12, 13, 14, 0, 16, 17, 18))
    if joint != parent]))
GCN = {'model.neck.tokenizer': dict(type='HiCoBackbone'), 'model.backbone': dict(
    _delete_=True, type='STGCN', graph_cfg=GRAPH, base_channels=32, num_stages=6, inflate_stages=[4], down_stages=[4])}
WIDE = {'model.backbone.channels': 256}
# Without labels, a dataset of a few hundred clips needs more epochs: what counts is the number of steps.
steps = 2250
seeds = [0, 1, 2, 3, 4]
settings = dict(
    raw_before=dict(setting(align=True, stream='joint'), raw=True),
    raw=dict(setting(), raw=True),
    untrained_before=dict(setting(align=True, stream='joint'), steps=0),
    untrained=dict(setting(), steps=0),
    before=setting(ROTATION, RELEASED, align=True, stream='joint'),
    recipe=setting(ROTATION),
    gru=dict(setting(ROTATION), base='configs/hico/hico_gru_nwucla_small.py'),
    transformer=dict(setting(ROTATION), base='configs/hico/hico_transformer_nwucla_small.py'),
    joint=setting(ROTATION, stream='joint'),
    motion=setting(ROTATION, stream='motion'),
    three_streams=setting(ROTATION, stream='joint+bone+motion'),
    first_frame=setting(ROTATION, align=True),
    body=setting(ROTATION, align='body'),
    released_views=setting(ROTATION, RELEASED),
    cube=setting(ROTATION, box=dict(type='FitToBox', per_axis=False)),
    instance=setting(ROTATION, **levels('instance')),
    no_domain=setting(ROTATION, **levels('clip', 'part', 'instance')),
    two_granularities=setting(ROTATION, **{'model.neck.num_granularities': 2}),
    scratch_choice=dict(setting(), steps=0, labels=few_labels(2, 100, 400, lr=1e-3)),
    labels_choice=dict(setting(ROTATION), labels=few_labels(2, 100, 400, lr=1e-3)),
    scratch=dict(setting(), steps=0, labels=few_labels(5, 400)),
    labels=dict(setting(ROTATION), labels=few_labels(5, 400)),
    gcn=setting(ROTATION, **GCN),
    gcn_instance=setting(ROTATION, **GCN, **levels('instance')),
    queue_64=setting(ROTATION, **{'model.head.queue_length': 64}),
    wide=setting(ROTATION, **WIDE),
    wide_6000=dict(setting(ROTATION, **WIDE), steps=6000),
    wide_three_6000=dict(setting(ROTATION, stream='joint+bone+motion', **WIDE), steps=6000),
    wide_12000=dict(setting(ROTATION, **WIDE), steps=12000))
