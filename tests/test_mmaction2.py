"""In MMAction2's world: its launcher, scripts, loops, metrics, analysis tools, visualizer and inference API.

All from a folder that is not the repository, on data of the demo's form.
"""

import json
import os
import pickle
import re
import subprocess
import sys
from pathlib import Path

import mmaction
import numpy as np
import pytest
import torch
from mmaction.apis import inference_recognizer, init_recognizer
from mmaction.registry import VISUALIZERS
from mmengine.config import Config
from mmengine.runner import Runner

from hico_mm.checkpoints import load_checkpoint
from hico_mm.fileio import dump_pickle
from tests.conftest import ROOT
from tests.helpers import UPRIGHT, make_annotation
from tests.scripts import run_script

DEMO, LINEAR = ROOT / 'configs/hico/demo', ROOT / 'configs/hico/linear/hico_demo_linear.py'
STOCK = Path(mmaction.__path__[0]) / '.mim' / 'tools'
CLASSES, CLIPS = 10, 40


@pytest.fixture(scope='module')
def user(tmp_path_factory):
    """A folder with data, a pretrained graph network and two trained recognizers; runs commands there."""
    folder = tmp_path_factory.mktemp('user')
    annotation = make_annotation(per_class=8, num_classes=CLASSES)
    annotation['split'] = {f'xsub_{name}': clips for name, clips in annotation['split'].items()}
    dump_pickle(annotation, folder / 'data/demo/demo.pkl')
    path = f'{Path(sys.executable).parent}:{os.environ["PATH"]}'

    def run(*args):
        result = subprocess.run(list(map(str, args)), cwd=folder, text=True, capture_output=True,
                                env=dict(os.environ, PATH=path, MPLBACKEND='agg'))
        assert result.returncode == 0, result.stdout[-3000:] + result.stderr[-3000:]
        return result.stdout + result.stderr

    def script(path, *args):
        return run_script(folder, path, *args, MPLBACKEND='agg')

    run.folder, run.annotation, run.script = folder, annotation, script
    short = ('--cfg-options', 'train_dataloader.batch_size=16', 'train_cfg.max_epochs=1', 'train_cfg.val_begin=1',
             'train_cfg.val_interval=1', 'default_hooks.logger.interval=1')
    run.pretrained = script(STOCK / 'train.py', DEMO / 'hico_stgcn_demo.py', '--work-dir', 'pretrain', *short)
    run.finetuned = script(STOCK / 'train.py', DEMO / 'stgcn_demo.py', '--work-dir', 'gcn', *short,
                           'load_from=pretrain/epoch_1.pth')
    run.trained = script(STOCK / 'train.py', DEMO / 'hico_lstm_demo.py', '--work-dir', 'lstm', *short)
    linear = folder / LINEAR.name  # the stock tools do not take the preparation of the clips from the checkpoint
    linear.write_text(UPRIGHT.format(LINEAR))
    script(STOCK / 'train.py', linear, '--work-dir', 'hico', '--cfg-options',
           'train_cfg.max_epochs=2', 'model.pretrained=lstm/epoch_1.pth')
    run.tested = run('mim', 'test', 'mmaction', linear, '--checkpoint', 'hico/epoch_2.pth', '--gpus', 0, '--dump',
                     'hico.pkl', '--cfg-options', 'model.pretrained=hico/epoch_2.pth')
    run.linear = folder / 'hico' / 'hico_demo_linear.py'  # the completed config, dumped beside the run
    script(STOCK / 'test.py', DEMO / 'stgcn_demo.py', 'gcn/epoch_1.pth', '--dump', 'gcn.pkl')
    return run


def accuracy(printed):
    return float(re.findall(r'acc/top1: ([0-9.]+)', printed)[-1])


def predictions(user, name):
    with open(user.folder / name, 'rb') as file:
        samples = pickle.load(file)
    return (torch.stack([sample['pred_score'] for sample in samples]),
            torch.cat([sample['gt_label'] for sample in samples]))


def test_mim_finds_our_configs_and_tools(user):
    printed = user('mim', 'train', 'hico_mm', 'hico_lstm_demo.py', '--gpus', 0, '--work-dir', 'ours', '--epochs', 1,
                   '--cfg-options', 'model.backbone.channels=16', 'train_dataloader.batch_size=16')
    assert 'Training finished successfully' in printed and (user.folder / 'ours' / 'epoch_1.pth').is_file()
    printed = user('mim', 'test', 'hico_mm', 'hico_demo_knn.py', '--checkpoint', 'ours/epoch_1.pth', '--gpus', 0)
    assert 0 <= accuracy(printed) <= 1
    assert 'clips     80 of 10 classes' in user('mim', 'run', 'hico_mm', 'check_annotations', 'data/demo/demo.pkl')
    assert 'hico_gru_ntu60' in user('mim', 'search', 'hico_mm')


def test_mim_tests_what_the_stock_script_trained(user):
    for printed in user.trained, user.pretrained:
        assert re.search(r'loss_instance: \d', printed) and re.search(r'Epoch\(val\) \[1\]', printed)
    scores, labels = predictions(user, 'hico.pkl')
    assert scores.shape == (CLIPS, CLASSES)
    assert accuracy(user.tested) == pytest.approx(float((scores.argmax(1) == labels).float().mean()), abs=1e-4)


def test_a_pretrained_network_is_finetuned_by_the_stock_script(user):
    missing = re.search(r'missing keys in source state_dict: (.*)', user.finetuned)[1]
    assert missing == 'cls_head.fc.weight, cls_head.fc.bias'
    assert 'size mismatch' not in user.finetuned and re.search(r'loss_cls: \d', user.finetuned)
    pretrained, finetuned = (load_checkpoint(user.folder / name / 'epoch_1.pth')['state_dict']
                             for name in ('pretrain', 'gcn'))
    name = 'backbone.gcn.2.gcn.conv.weight'  # the first steps do not take it far from where it came from
    assert 0 < (pretrained[name] - finetuned[name]).norm() < 0.5 * pretrained[name].norm()


def test_the_stock_config_starts_from_it(user):
    """The config that docs/graph-networks.md shows, its network as narrow as the one pretrained here."""
    page = (ROOT / 'docs/graph-networks.md').read_text()
    example, = re.findall(r"```python\n(_base_ = 'mmaction::.*?)```", page, re.DOTALL)
    example = example.replace('work_dirs/hico_gru_ntu60_stgcn/epoch_451', 'pretrain/epoch_1')
    (user.folder / 'my_stgcn.py').write_text(example)
    data = 'data/demo/demo.pkl'
    printed = user('mim', 'train', 'mmaction', 'my_stgcn.py', '--gpus', 0, '--cfg-options',
                   'model.backbone.base_channels=16', 'model.backbone.num_stages=4', 'model.cls_head.in_channels=32',
                   'model.backbone.inflate_stages=[3]', 'model.backbone.down_stages=[3]', 'train_cfg.max_epochs=1',
                   'train_dataloader.dataset.times=1', f'train_dataloader.dataset.dataset.ann_file={data}',
                   f'val_dataloader.dataset.ann_file={data}', f'test_dataloader.dataset.ann_file={data}')
    assert re.search(r'missing keys in source state_dict: (.*)', printed)[1] == 'cls_head.fc.weight, cls_head.fc.bias'
    assert 'size mismatch' not in printed and re.search(r'Epoch\(val\) \[1\].*acc/top1: [01]\.', printed)


def test_predictions_fuse(user):
    printed = user.script(ROOT / 'tools/fuse_streams.py', '--preds', 'hico.pkl', 'gcn.pkl', '--weights', 1, 1)
    (hico, labels), (gcn, _) = (predictions(user, name) for name in ('hico.pkl', 'gcn.pkl'))
    torch.testing.assert_close(gcn.sum(1), torch.ones(CLIPS))  # GCNHead gives probabilities, ours scores
    fused = float(((hico.softmax(1) + gcn).argmax(1) == labels).float().mean())
    assert f'{100 * fused:.2f}' in printed
    stock = user.script(STOCK / 'analysis_tools/report_accuracy.py', '--preds', 'hico.pkl', 'gcn.pkl')
    plain = float(((hico + gcn).argmax(1) == labels).float().mean())
    assert f'Top 1 Accuracy: {plain:.4f}' in stock


def test_logs_are_analysed(user):
    log = next((user.folder / 'pretrain').glob('*/vis_data/2*.json'))
    printed = user.script(STOCK / 'analysis_tools/analyze_logs.py', 'cal_train_time', log)
    lines = [line for line in map(json.loads, log.read_text().splitlines()) if 'epoch' in line]
    expected = sum(line['time'] for line in lines[1:]) / (len(lines) - 1)
    assert f'average iter time: {expected:.4f} s/iter' in printed


@pytest.mark.parametrize('config, channels', [('hico/hico_demo_linear.py', 6), ('pretrain/hico_stgcn_demo.py', 3)])
def test_flops_count(user, config, channels):
    printed = user.script(STOCK / 'analysis_tools/get_flops.py', config, '--shape', 1, 2, 32, 25, channels)
    number, unit = re.search(r'Flops: ([\d.]+)(\w)', printed).groups()
    assert float(number) * dict(M=1e6, G=1e9)[unit] > 1e6  # the tool knows no recurrent layer


@pytest.mark.parametrize('config, checkpoint, dumped', [
    ('hico/hico_demo_linear.py', 'hico/epoch_2.pth', 'hico.pkl'),
    ('gcn/stgcn_demo.py', 'gcn/epoch_1.pth', 'gcn.pkl')], ids=('hico', 'gcn'))
def test_confusion_matrix(user, config, checkpoint, dumped):
    config = Config.fromfile(user.folder / config)
    config.merge_from_dict(dict(
        work_dir=str(user.folder / 'matrix'), load_from=str(user.folder / checkpoint),
        test_dataloader=dict(dataset=dict(ann_file=str(user.folder / 'data/demo/demo.pkl'))),
        test_evaluator=dict(_delete_=True, type='ConfusionMatrix')))
    matrix = Runner.from_cfg(config).test()['confusion_matrix/result']
    scores, labels = predictions(user, dumped)
    for label in range(CLASSES):
        assert matrix[label].tolist() == scores[labels == label].argmax(1).bincount(minlength=CLASSES).tolist()


def test_metrics_of_dumped_results(user):
    printed = user.script(STOCK / 'analysis_tools/eval_metric.py', user.linear, 'hico.pkl')
    scores, labels = predictions(user, 'hico.pkl')
    top1 = float(re.search(r"'acc/top1': (?:np\.float64\()?([\d.]+)", printed)[1])
    assert top1 == pytest.approx(float((scores.argmax(1) == labels).float().mean()), abs=1e-6)


def recognizer(user):
    return init_recognizer(user.linear, str(user.folder / 'hico/epoch_2.pth'), 'cpu')


def test_inference_api(user):
    model = recognizer(user)
    scores, _ = predictions(user, 'hico.pkl')
    names = user.annotation['split']['xsub_val']
    for number in (0, 7):
        clip, = (clip for clip in user.annotation['annotations'] if clip['frame_dir'] == names[number])
        sample = inference_recognizer(model, dict(keypoint=clip['keypoint'].copy(),
                                                  total_frames=clip['total_frames']))
        torch.testing.assert_close(sample.pred_score, scores[number], atol=1e-5, rtol=1e-4)


def test_inference_api_with_the_encoder_of_the_checkpoint(user):
    """The config of the repository, which leaves the encoder out, and one argument."""
    checkpoint = str(user.folder / 'hico/epoch_2.pth')
    config = Config.fromfile(LINEAR)
    config.model.pretrained = checkpoint
    config.test_pipeline[0].align = 'upright'  # as the clips of the checkpoint were prepared
    model, completed = init_recognizer(config, checkpoint, 'cpu'), recognizer(user)
    clip = user.annotation['annotations'][3]
    samples = (inference_recognizer(m, dict(keypoint=clip['keypoint'].copy(), total_frames=clip['total_frames']))
               for m in (model, completed))
    torch.testing.assert_close(*(sample.pred_score for sample in samples))


def test_visualizer(user, tmp_path):
    clip = user.annotation['annotations'][0]
    sample = inference_recognizer(recognizer(user), dict(keypoint=clip['keypoint'].copy(), total_frames=1))
    visualizer = VISUALIZERS.build(dict(
        type='ActionVisualizer', name='clips', save_dir=str(tmp_path), vis_backends=[dict(type='LocalVisBackend')]))
    visualizer.dataset_meta = dict(classes=[f'class {i}' for i in range(CLASSES)])
    visualizer.add_datasample('clip', np.zeros((4, 240, 320, 3), np.uint8), sample)
    assert len(list(tmp_path.rglob('*.png'))) == 4


@pytest.mark.parametrize('num_clips', [1, 3])
def test_stock_pipeline_with_several_test_clips(user, num_clips):
    """Scores are the mean over the clips that MMAction2's own pipeline takes out of a recording."""
    loader = Runner.build_dataloader(dict(
        dataset=dict(
            type='PoseDataset', ann_file=str(user.folder / 'data/demo/demo.pkl'), split='xsub_val', test_mode=True,
            pipeline=[dict(type='PreNormalize3D'),
                      dict(type='UniformSampleFrames', clip_len=32, num_clips=num_clips, test_mode=True),
                      dict(type='PoseDecode'), dict(type='FormatGCNInput', num_person=2),
                      dict(type='PackActionInputs')]),
        batch_size=4, num_workers=0, sampler=dict(type='DefaultSampler', shuffle=False)))
    model, batch = recognizer(user), next(iter(loader))
    assert batch['inputs'][0].shape == (num_clips, 2, 32, 25, 3)
    with torch.no_grad():
        samples = model.test_step(batch)
        features = model.extract_feat(model.data_preprocessor(batch)['inputs'])[0]
        scores = model.cls_head(features).view(4, num_clips, CLASSES)
    for sample, expected in zip(samples, scores.mean(1)):
        torch.testing.assert_close(sample.pred_score, expected)
