"""Say what a checkpoint is: model, skeleton, stream, data, versions, scores.

python tools/checkpoint_info.py CKPT [...]
"""

from typing import Optional, Sequence

from ..apis import print_checkpoint
from .command import command_parser, one_line_errors


@one_line_errors
def main(argv: Optional[Sequence[str]] = None) -> int:
    """Print; returns the exit status."""
    parser = command_parser('checkpoint_info.py', __doc__)
    parser.add_argument('checkpoints', nargs='+', metavar='CKPT', help='checkpoint files')
    args = parser.parse_args(argv)
    for path in args.checkpoints:
        print_checkpoint(path)
    return 0
