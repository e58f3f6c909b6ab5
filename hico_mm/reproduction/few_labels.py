"""Train with few labels: the classifier alone, and the encoder with it."""

from copy import deepcopy
from pathlib import Path
from typing import Dict, List

import torch
from mmengine.runner import Runner

from ..checkpoints import EncoderSource, take_encoder_into
from ..datasets.subsets import draw_subset
from ..evaluation import EncodedClips
from ..evaluation.probe import probe
from ..wiring import load_config
from ..wiring.complete import plain
from .trial import build_trial, read_part

SCORES = ('frozen_knn', 'frozen_linear', 'finetuned')
Rows = List[Dict[str, float]]


def train_with_few_labels(encoder: Runner, fit: EncodedClips, held: EncodedClips, plan: dict) -> Rows:
    """Train on labelled subsets, and score each of them on the held-out clips.

    Args:
        encoder: Runner with the pretrained or untrained encoder.
        fit: The features of its training clips.
        held: The features of the held-out clips.
        plan: ``base``, a finetuning config; ``fractions`` of the labels; ``draws``, the number of subsets of each
            fraction; ``steps``, the numbers of training steps to try; and ``options`` for the config, except for its
            loaders, which are those of the encoder.

    Returns:
        For each subset and number of steps: ``fraction``, ``draw``, ``clips``, ``steps``, and three accuracies in %:
        ``frozen_knn`` and ``frozen_linear``, of the frozen encoder as in :func:`~hico_mm.evaluation.probe.probe`, and
        ``finetuned``, of the encoder that was trained together with a classifier. Fractions that give the same
        clips, such as one of each class, are scored once, under the first of them.
    """
    names = [sample.frame_dir for sample in fit.samples]
    rows: Rows = []
    seen = set()
    for fraction in plan['fractions']:
        for draw in range(1 if fraction == 1 else plan['draws']):
            subset = dict(fraction=fraction, seed=draw)
            chosen = torch.tensor(draw_subset(fit.labels.tolist(), names, **subset))
            if (draw, len(chosen)) in seen:  # subsets of one draw are nested
                continue
            seen.add((draw, len(chosen)))
            scores = probe(fit.features[chosen], fit.labels[chosen], held.features, held.labels)
            for steps in plan['steps']:
                values = (scores['knn'], scores['linear'], finetune(encoder, subset, len(chosen), steps, plan))
                rows.append(dict(fraction=fraction, draw=draw, clips=len(chosen), steps=steps,
                                 **{score: round(100 * value, 2) for score, value in zip(SCORES, values)}))
    return rows


def finetune(encoder: Runner, subset: dict, clips: int, steps: int, plan: dict) -> float:
    """Train an encoder and a classifier on a labelled subset, and return the accuracy of the last step, in [0, 1]."""
    config, model = load_config(plan['base'], (), deepcopy(dict(plan.get('options', {})))), plain(encoder.cfg.model)
    config.train_dataloader = read_part(encoder.cfg, 'fit')
    config.train_dataloader.dataset.subset = subset
    config.train_dataloader.sampler.shuffle = True
    config.val_dataloader, config.test_dataloader = read_part(encoder.cfg, 'held'), None
    config.model.cls_head.num_classes = model['cls_head']['num_classes']
    config.train_cfg.update(val_begin=steps, val_interval=steps)
    take_encoder_into(config, EncoderSource('the encoder', model, checkpoint={}))
    folder = Path(encoder.work_dir) / 'finetuned'
    folder.mkdir(exist_ok=True)
    weights = {key: value for key, value in encoder.model.state_dict().items() if key.startswith(('backbone', 'neck'))}
    torch.save(dict(state_dict=weights), folder / 'encoder.pth')
    config.load_from = str(folder / 'encoder.pth')  # read after MMEngine has initialised the model
    runner = build_trial(config, steps, clips, encoder.seed, folder)
    runner.train()
    return runner.val()['acc/top1']
