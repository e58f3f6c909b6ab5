"""The names of the streams and their combinations."""

from typing import Tuple

from ..errors import UserError

STREAMS = ('joint', 'bone', 'motion')


def split_streams(stream: str) -> Tuple[str, ...]:
    """Return the streams of a combination such as 'joint+motion'.

    Raises:
        UserError: if one of them is not known, or occurs twice.
    """
    names = tuple(str(stream).split('+'))
    unknown = [name for name in names if name not in STREAMS]
    if unknown or len(set(names)) < len(names):
        what = f'unknown stream "{unknown[0]}"' if unknown else f'stream "{stream}" names a stream twice'
        raise UserError(f'{what}: use one of {list(STREAMS)}, or a combination such as joint+motion')
    return names
