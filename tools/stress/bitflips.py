"""Flip a random bit of a checkpoint: the file must be refused, or load unchanged.

    python -m tools.stress.bitflips --count 300

The file contains checksums, but torch does not verify them.
"""

import random
import sys
from pathlib import Path
from typing import List, Optional, Sequence

from hico_mm.checkpoints import load_checkpoint
from hico_mm.errors import UserError

from .common import Report, check_parser, scratch_folder
from .kill_resume import prepare
from .records import PARTS, differences


def flip_faults(source: bytes, whole: dict, path: Path, rng: random.Random) -> List[str]:
    """Flip a random bit of a checkpoint and load it; return the faults."""
    content = bytearray(source)
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)
    try:
        loaded = load_checkpoint(path)
    except UserError:
        return []
    except BaseException as error:
        return [f'{type(error).__name__}: {error}']
    return [f'{part} differs: no error' for part in PARTS if differences(whole.get(part), loaded.get(part))]


def main(argv: Optional[Sequence[str]] = None) -> int:
    """Flip bits, load the files and return the exit status."""
    parser = check_parser(__doc__)
    parser.add_argument('--count', type=int, default=300, help='number of flips; default: 300')
    args = parser.parse_args(argv)
    scratch, rng = scratch_folder(args, 'bitflips'), random.Random(args.seed)
    checkpoint = prepare(scratch, 'linear').pretrained
    assert checkpoint is not None
    source, whole = checkpoint.read_bytes(), load_checkpoint(checkpoint)
    report = Report('bitflips', args.count)
    for trial in range(args.count):
        report.trial(f'flip {trial}', flip_faults(source, whole, scratch / 'flipped.pth', rng))
    return report.end()


if __name__ == '__main__':
    sys.exit(main())
