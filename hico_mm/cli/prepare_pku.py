"""Convert the text files of PKU-MMD, part I or II, into MMAction2's skeleton annotation.

    python tools/data/prepare_pku.py --raw PKUMMD --part 1 --out data/pku/pku1.pkl

Recordings are cut by their labels into clips ``RECORDING_nnn``, where nnn is the line of the label. Splits:
``xsub_train``, ``xsub_val``, ``xview_train``, ``xview_val``. Keypoints are float32, in metres, in camera coordinates,
for one or two persons. Labels are the class numbers minus one. Both parts use the same 51 classes, although part II
contains only 41 of them, so that models can be transferred between the parts.
"""

from typing import Optional, Sequence

from ..converters import convert, plan_pku
from .command import converter_parser, one_line_errors


@one_line_errors
def main(argv: Optional[Sequence[str]] = None) -> int:
    """Run the conversion and return the exit status."""
    parser = converter_parser('prepare_pku.py', __doc__, 'the text files')
    parser.add_argument('--part', type=int, choices=(1, 2), required=True)
    args = parser.parse_args(argv)
    convert(plan_pku(args.raw, args.part), args.out, args.workers, args.strict)
    return 0
