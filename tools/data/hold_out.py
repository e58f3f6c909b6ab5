"""Hold out a part of the training clips, to choose settings without a look at the test split.

    python tools/data/hold_out.py data/nwucla/nwucla.pkl --split xview_train --names '_s(09|10)_' --out FILE.pkl

FILE.pkl has the same clips and splits, and of the split two parts: ``xview_train_held``, the clips whose names have the
pattern, and ``xview_train_fit``, the others. For NTU, ``P(005|009)`` holds out two subjects.
"""

import argparse
import re
import sys
from pathlib import Path

from hico_mm.datasets import load_plain_pickle
from hico_mm.utils import dump_pickle


def main() -> int:
    """Split; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('annotation', type=Path, help='annotation pickle')
    parser.add_argument('--split', required=True, help='split to divide')
    parser.add_argument('--names', required=True, metavar='PATTERN', help='regular expression found in names held out')
    parser.add_argument('--out', type=Path, required=True, help='annotation pickle to write')
    args = parser.parse_args()
    try:
        content = load_plain_pickle(args.annotation)
        if args.split not in content['split']:
            raise ValueError(f'{args.annotation} has no split "{args.split}": it has {sorted(content["split"])}')
        pattern = re.compile(args.names)
    except (FileNotFoundError, ValueError, re.error) as error:
        print(error, file=sys.stderr)
        return 1
    names = content['split'][args.split]
    held = [name for name in names if pattern.search(name)]
    if not 0 < len(held) < len(names):
        print(f'--names {args.names} is found in {len(held)} of the {len(names)} names of "{args.split}", {names[0]} '
              'say: nothing is divided', file=sys.stderr)
        return 1
    parts = {f'{args.split}_fit': [name for name in names if not pattern.search(name)], f'{args.split}_held': held}
    dump_pickle(dict(content, split={**content['split'], **parts}), args.out)
    print(f'{args.out}: ' + ', '.join(f'{name} {len(part)}' for name, part in parts.items()))
    return 0


if __name__ == '__main__':
    sys.exit(main())
