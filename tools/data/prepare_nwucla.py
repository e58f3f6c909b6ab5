"""Northwestern-UCLA Multiview Action 3D, JSON clips -> MMAction2's skeleton annotation.

    python tools/data/prepare_nwucla.py --raw all_sqe --out data/nwucla/nwucla.pkl

Splits: ``xview_train`` (views 1 and 2) and ``xview_val`` (view 3), the standard protocol; ``xview_val_distinct``, the
test clips that are no copy of a training clip, as 95 are in the files that the field uses.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import List, Tuple

import numpy as np
from rich.progress import track

from hico_mm.structures import get_layout
from hico_mm.utils import dump_pickle

NAME = re.compile(r'a(\d\d)_s(\d\d)_e(\d\d)_v(\d\d)')
# Actions as numbered in the file names, in the order of their labels from 0.
ACTIONS = (1, 2, 3, 4, 5, 6, 8, 9, 11, 12)
TEST_VIEW = 3
NUM_CLIPS = 1484


def read_clip(path: Path) -> dict:
    """Read one clip: {'frame_dir', 'label', 'total_frames', 'keypoint' (1, T, 20, 3) float32, metres}.

    Raises:
        ValueError: if the file is broken or contradicts its name; the message says how.
    """
    match = NAME.fullmatch(path.stem)
    if match is None or int(match[1]) not in ACTIONS:
        raise ValueError('is not named aAA_sSS_eEE_vVV.json after one of the ten actions')
    try:
        content = json.loads(path.read_text())
        keypoint = np.asarray(content['skeletons'], dtype=np.float32)
        label = int(content['label']) - 1
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f'is truncated or no clip ({error})') from error
    joints = get_layout('nw_ucla').num_joints
    if keypoint.ndim != 3 or keypoint.shape[1:] != (joints, 3) or not len(keypoint):
        raise ValueError(f'has skeletons of shape {keypoint.shape}, not (T, {joints}, 3)')
    if not np.isfinite(keypoint).all():
        raise ValueError('has NaN or infinite coordinates')
    if label != ACTIONS.index(int(match[1])):
        raise ValueError(f'says label {label + 1}, but is named after action {int(match[1])}')
    return dict(frame_dir=path.stem, label=label, total_frames=len(keypoint), keypoint=keypoint[None])


def read_all(raw: Path) -> Tuple[List[dict], List[str]]:
    """All clips below ``raw``, and a sentence for each file that was left out."""
    clips, faults = [], []
    for path in track(sorted(raw.rglob('*.json')), 'reading'):
        try:
            clips.append(read_clip(path))
        except ValueError as error:
            faults.append(f'{path} {error}')
    return clips, faults


def main() -> int:
    """Convert; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--raw', type=Path, required=True, help='folder with the JSON clips')
    parser.add_argument('--out', type=Path, required=True, help='annotation pickle to write')
    args = parser.parse_args()
    clips, faults = read_all(args.raw)
    for fault in faults:
        print(f'left out: {fault}', file=sys.stderr)
    if not clips:
        print(f'no clip aAA_sSS_eEE_vVV.json found below {args.raw}: give the folder the data set was unpacked to',
              file=sys.stderr)
        return 1
    test = [clip['frame_dir'].endswith(f'v{TEST_VIEW:02}') for clip in clips]
    names = [clip['frame_dir'] for clip in clips]
    split = dict(xview_train=[n for n, t in zip(names, test) if not t], xview_val=[n for n, t in zip(names, test) if t])
    seen = {clip['keypoint'].tobytes() for clip, t in zip(clips, test) if not t}
    split['xview_val_distinct'] = [
        clip['frame_dir'] for clip, t in zip(clips, test) if t and clip['keypoint'].tobytes() not in seen]
    dump_pickle(dict(split=split, annotations=clips), args.out)
    sizes = ', '.join(f'{name} {len(part)}' for name, part in split.items())
    print(f'{args.out}: {len(clips)} clips, {sizes}, left out {len(faults)}')
    if len(clips) != NUM_CLIPS:
        print(f'warning: the data set has {NUM_CLIPS} clips: compare your copy', file=sys.stderr)
    return 0


if __name__ == '__main__':
    sys.exit(main())
