"""Convert the JSON clips of Northwestern-UCLA Multiview Action 3D into MMAction2's skeleton annotation.

    python tools/data/prepare_nwucla.py --raw all_sqe --out data/nwucla/nwucla.pkl

Splits: ``xview_train`` (views 1 and 2) and ``xview_val`` (view 3), the standard protocol; and ``xview_val_distinct``,
the test clips that are not copies of training clips. In the commonly used files, 95 test clips are copies.
"""

from typing import Optional, Sequence

from ..converters import convert, plan_nwucla
from .command import converter_parser, one_line_errors


@one_line_errors
def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the conversion and return the exit status."""
    parser = converter_parser('prepare_nwucla.py', __doc__, 'the JSON clips')
    args = parser.parse_args(argv)
    convert(plan_nwucla(args.raw), args.out, args.workers, args.strict)
    return 0
