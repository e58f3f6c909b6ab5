"""Random mutations of texts, bytes and nested data for the fuzzer, which depend only on the given generator."""

import random
from typing import Any, List, Tuple

import numpy as np

TOKENS = (
    'nan', 'inf', '-inf', 'NaN', 'Infinity', '1e30', '-1e30', '1e39', '3.5e38', '1e308', '1e400', '1e-400', '-1', '-0',
    '0', '1', '2', '24', '25', '26', '1.5', '+1', '1_0', '0x10', '1e', '1j', '--1', '1-1', '1,5', '1000000000',
    '9' * 20, '1' + '0' * 400, '1' * 5000, '\u0663', '\uff11', '', ' ', '\t', '\0', '\x0c', '\x1c', '\x85', '\u2028',
    '\ufeff', '#', '"', "'", 'a', 'null', 'true', '[]', '{}', '[' * 5000)
VALUES = (None, True, False, -1, 0, 1, 7, 2**31, 2**63, -2**70, 10**300, float('nan'), float('inf'), 1e30, -1e308, 0.5,
          1.0, 1 + 2j, b'', b'c0', bytearray(b'x'), (1, 2), {1, 'a'}, frozenset([1]))
SCALARS = (np.float32(np.nan), np.int64(-1), np.int64(1), np.int64(10**12), np.bool_(True), np.str_('c1'), np.array(0),
           np.array(1.5), np.array([1, 2]), np.array(['c0', 'c1']), np.array([{}, []], object))
TYPES = ('f4', 'f8', 'f2', 'i4', 'u1', 'c8', '?', 'S3', 'U2', 'M8[s]', '>f4')
LONGEST = 200_000  # maximum number of characters of a mutated text
NAMES = ('', 'c0', 'c1', 'c2', '../../etc/x', 'a' * 3000, '\0', '\ud800', 'train', 'val', 'keypoint')
SHAPES = ((0, ), (1, 0, 25, 3), (0, 3, 25, 3), (1, 3, 25, 3), (1, 3, 17, 3), (1, 3, 25, 2), (3, 25, 3), (1, 1, 25, 3),
          (5, 2, 25, 3), (1, 3, 25, 4), (1, 3, 0, 3))
FILLS = (1.0, 1e30, 1e39, 1e300, np.nan, np.inf, -np.inf, 1e-300)
KEYS = ('split', 'annotations', 'frame_dir', 'filename', 'label', 'keypoint', 'classes', 'total_frames', 'x', 1)


def mutate_text(text: str, rng: random.Random) -> str:
    """Return a text after one to four changes of a word, a line or any piece."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        change = rng.choice((_change_word, _change_lines, _change_piece))
        text = change(text, rng)[:LONGEST]
    return text


def _change_word(text: str, rng: random.Random) -> str:
    lines = text.split('\n')
    at = rng.randrange(len(lines))
    separator = ',' if ',' in lines[at] and rng.random() < 0.5 else ' '
    words = lines[at].split(separator)
    words[rng.randrange(len(words))] = rng.choice(TOKENS)
    lines[at] = separator.join(words)
    return '\n'.join(lines)


def _change_lines(text: str, rng: random.Random) -> str:
    """Delete a line, repeat it elsewhere, or replace it by a token; often the first line, which may hold a count."""
    lines = text.split('\n')
    at, kind = rng.choice((0, rng.randrange(len(lines)))), rng.randrange(3)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(rng.randrange(len(lines) + 1), lines[at])
    else:
        lines[at] = rng.choice(TOKENS)
    return '\n'.join(lines)


def _change_piece(text: str, rng: random.Random) -> str:
    """Delete a piece, cut off the end of the text, repeat a piece, or replace a few characters by a token."""
    start, end = sorted(rng.randrange(len(text) + 1) for _ in range(2))
    return rng.choice((text[:start] + text[end:], text[:start], text[:end] + text[start:end][:2000] + text[end:],
                       text[:start] + rng.choice(TOKENS) + text[start + rng.randrange(3):]))


def mutate_bytes(data: bytes, rng: random.Random) -> bytes:
    """Return data after one to six changes: flipped bytes and bits, and deleted, inserted or repeated pieces."""
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        kind, at = rng.randrange(6), rng.randrange(len(changed) + 1)
        if kind < 2 and changed:
            flipped = rng.randrange(1, 256) if kind == 0 else 1 << rng.randrange(8)
            changed[at % len(changed)] ^= flipped
        elif kind == 2:
            del changed[at:at + rng.choice((1, 2, 8, 64))]
        elif kind == 3:
            changed[at:at] = rng.randbytes(rng.choice((1, 2, 4, 8)))
        elif kind == 4:
            other = rng.randrange(len(changed) + 1)
            changed[at:at] = changed[other:other + 32]
        elif rng.random() < 0.5:
            del changed[at:]
    return bytes(changed)


def strange(rng: random.Random, depth: int = 0) -> Any:
    """Return an unexpected value of any type that plain data may have."""
    kind = rng.randrange(6)
    if kind < 3:
        return rng.choice((VALUES, NAMES, SCALARS)[kind])
    if kind == 3:
        return np.zeros(rng.choice(SHAPES), rng.choice(TYPES))
    if kind == 4 or depth > 3:
        with np.errstate(all='ignore'):
            clip = np.full((1, rng.choice((1, 3, 70)), 25, 3), rng.choice(FILLS))
            return clip.astype(rng.choice(('f4', 'f8', 'f2', 'c16')))
    return rng.choice((_strange_list, _strange_dict, _nest))(rng, depth + 1)


def _strange_list(rng: random.Random, depth: int) -> Any:
    return rng.choice((list, tuple))(strange(rng, depth) for _ in range(rng.randrange(4)))


def _strange_dict(rng: random.Random, depth: int) -> Any:
    return {key: strange(rng, depth) for key in rng.sample(KEYS, 3)}


def _nest(rng: random.Random, depth: int) -> Any:
    nested: Any = 1
    for _ in range(rng.choice((5, 100, 300))):
        nested = [nested]
    return nested


def mutate_tree(tree: Any, rng: random.Random) -> Any:
    """Replace, remove or copy one to three parts of nested dicts and lists in place; return the result."""
    places: List[Tuple[Any, Any]] = []
    _collect(tree, places)
    for _ in range(rng.choice((1, 1, 2, 3))):
        if rng.random() < 0.03:
            return strange(rng)
        container, key = rng.choice(places)
        kind = rng.random()
        if kind < 0.7:
            value = strange(rng)
        elif kind < 0.85 or key not in (container if isinstance(container, dict) else range(len(container))):
            _drop(container, key)
            continue
        else:
            value, key = container[key], rng.choice(KEYS)
        if isinstance(container, dict):
            container[key] = value
        else:
            container.append(value)
    return tree


def _drop(container: Any, key: Any) -> None:
    if isinstance(container, dict):
        container.pop(key, None)
    elif container:
        container.pop()


def _collect(tree: Any, places: List[Tuple[Any, Any]]) -> None:
    """Append all places of a tree, as (container, key), to ``places``."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        places.append((tree, key))
        _collect(value, places)
