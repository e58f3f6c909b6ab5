"""Collect what a report shows, as plain data."""

from typing import Any, Dict, Sequence

from ..version import __version__
from .baselines import baselines_of
from .clips import pack_clips, play_order, shown_clips
from .encoded import NEIGHBOURS, encode_run
from .features import LARGE
from .page import page_of
from .runs import Run, paired


def collect(runs: Sequence[Run], most: int = 20000, budget: int = 48_000_000, seed: int = 0,
            say: Any = lambda sentence: None, names: Sequence[str] = ()) -> Dict[str, Any]:
    """Collect the data of a report.

    Args:
        runs: The runs. A pretraining run and a classifier on its encoder are shown as one.
        most: Most clips on a map. Defaults to 20000.
        budget: Most characters of skeletons in the file, for all runs together. Defaults to 48 million.
        seed: Seed of the map and of the choice of clips. Defaults to 0.
        say: Called with a sentence when a step begins. Defaults to nothing.
        names: Names of the classes. Defaults to those in the annotation or in a checkpoint.

    Returns:
        Plain data: ``sets`` of clips, and ``runs``, each of which refers to a set.

    Raises:
        UserError: if data are missing or do not fit the model.
    """
    encoded = [encode_run(group, say, names) for group in paired(list(runs))]
    keys = list(dict.fromkeys(one.clips.key for one in encoded))
    sets, pages = [], {}
    for number, key in enumerate(keys):
        members = [one for one in encoded if one.clips.key == key]
        clips = members[0].clips
        tables = [one.neighbours.places for one in members]
        shown = shown_clips(tables, clips.gallery, most, seed)
        order = play_order(tables, clips.gallery, shown, seed)
        say(f'packing the skeletons of {len(shown)} clips')
        sets.append(dict(pack_clips(clips, shown, order, budget // len(keys)), baselines=baselines_of(members, say)))
        for one in members:
            say(f'map of {one.runs[0].name}: t-SNE of {len(shown)} clips, about {seconds(len(shown))}')
            pages[id(one)] = dict(page_of(one, shown, seed), set=number)
    return dict(version=__version__, neighbours=NEIGHBOURS, sets=sets, runs=[pages[id(one)] for one in encoded])


def seconds(clips: int) -> str:
    """Estimate the time of a map on one core, from measurements with 1,484 and 16,000 clips."""
    time = clips * (.008 if clips <= LARGE else .015)
    return f'{time:.0f} s' if time < 90 else f'{time / 60:.0f} minutes'
