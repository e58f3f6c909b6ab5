"""The splits of recordings of your own: by subject, by camera, at random, or from the manifest."""

from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ..datasets.checks import UNLABELLED, label_of
from ..datasets.subsets import draw_subset
from ..errors import UserError
from .convert import Splits
from .items import Facts


class SplitRule(NamedTuple):
    """How to divide the clips into ``train`` and ``val``.

    Args:
        by: 'subject', 'camera' or 'random'. None takes the splits of the manifest, or puts all clips into ``train`` if
            there are none. Defaults to None.
        test: The subjects or cameras in ``val``. Empty means to draw them. Defaults to ().
        ratio: Ratio of the clips of each class, of the subjects or of the cameras to draw for ``val``. Defaults to 0.2.
        seed: Seed for drawing. Defaults to 0.
    """

    by: Optional[str] = None
    test: Tuple[str, ...] = ()
    ratio: float = 0.2
    seed: int = 0


def make_splits(clips: List[dict], rule: SplitRule, facts: Mapping[str, Facts]) -> Splits:
    """Return the names of the clips in each split.

    If some clips have a label and some do not, only the former are divided; the latter are ``unlabelled``, and
    ``pretrain`` has them and the training clips.

    Args:
        clips: The clips.
        rule: How to divide them.
        facts: What is known about each clip, by name.

    Raises:
        UserError: if the rule does not fit the clips.
    """
    if rule.by is None and any(facts[clip['frame_dir']].split for clip in clips):
        return _by_manifest(clips, facts)
    labelled = [clip for clip in clips if label_of(clip) != UNLABELLED]
    bare = [clip['frame_dir'] for clip in clips if label_of(clip) == UNLABELLED]
    both = bool(labelled and bare)
    divided = labelled if both else clips
    names = [clip['frame_dir'] for clip in divided]
    test = _test_names(divided, rule, facts) if rule.by else set()
    splits = dict(train=[name for name in names if name not in test], val=[name for name in names if name in test])
    if not splits['val']:
        del splits['val']
    return dict(splits, unlabelled=bare, pretrain=splits['train'] + bare) if both else splits


def check_rule(rule: SplitRule, facts: Mapping[str, Facts], labelled_only: bool) -> None:
    """Check, before anything is read, that a rule fits what is known about the clips.

    Raises:
        UserError: if it does not; the message says what to do.
    """
    if rule.by in ('subject', 'camera'):
        chosen = {name: known for name, known in facts.items() if known.label or not labelled_only}
        _groups_of_test(_groups(list(chosen), rule.by, facts), rule)


def _by_manifest(clips: List[dict], facts: Mapping[str, Facts]) -> Splits:
    """Return the splits that the manifest names, in the order of their names."""
    splits: Dict[str, List[str]] = {}
    for clip in clips:
        split = facts[clip['frame_dir']].split
        if split:
            splits.setdefault(split, []).append(clip['frame_dir'])
    return dict(sorted(splits.items()))


def _test_names(clips: List[dict], rule: SplitRule, facts: Mapping[str, Facts]) -> set:
    names = [clip['frame_dir'] for clip in clips]
    if rule.by != 'random':
        groups = _groups(names, str(rule.by), facts)
        return {name for group in _groups_of_test(groups, rule) for name in groups[group]}
    labels = [label_of(clip) for clip in clips]
    several = [i for i, label in enumerate(labels) if labels.count(label) > 1]  # a single clip of a class is trained on
    if not several:
        raise UserError('--split random needs at least two clips of a class: add clips, or leave out --split')
    drawn = draw_subset([labels[i] for i in several], [names[i] for i in several], rule.ratio, rule.seed)
    test = {several[i] for i in drawn}
    for label in {labels[i] for i in several}:  # one of each class is trained on
        mine = [i for i in several if labels[i] == label]
        if test.issuperset(mine):
            test.remove(max(mine, key=lambda i: names[i]))
    return {names[i] for i in test}


def _groups(names: Sequence[str], by: str, facts: Mapping[str, Facts]) -> Dict[str, List[str]]:
    """Return the names of the clips of each subject or camera."""
    unknown = [name for name in names if getattr(facts[name], by) is None]
    if unknown:
        raise UserError(f'--split {by} needs the {by} of each clip, but {len(unknown)} of the {len(names)} clips have '
                        f'none, for example {unknown[0]}: give it in the column "{by}" of a manifest (--init writes '
                        'one)')
    groups: Dict[str, List[str]] = {}
    for name in names:
        groups.setdefault(getattr(facts[name], by), []).append(name)
    return groups


def _groups_of_test(groups: Mapping[str, List[str]], rule: SplitRule) -> Sequence[str]:
    """Return the subjects or cameras in the test split: those given, or drawn ones."""
    known = sorted(groups)
    wrong = [group for group in rule.test if group not in groups]
    if wrong:
        raise UserError(f'--test {wrong[0]} is not a {rule.by} of any clip: there are {", ".join(known[:20])}')
    if len(known) < 2 or len(set(rule.test)) == len(known):
        raise UserError(f'--split {rule.by} leaves no clip for training or none for testing, since there is only '
                        f'{", ".join(known[:20])}: name fewer with --test, or use --split random')
    if rule.test:
        return rule.test
    count = min(max(1, round(rule.ratio * len(known))), len(known) - 1)
    return [known[i] for i in np.random.default_rng(rule.seed).permutation(len(known))[:count]]
