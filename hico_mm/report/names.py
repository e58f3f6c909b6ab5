"""Subjects and cameras of clips, from annotations or from the names that datasets give their clips."""

import re
from typing import Any, List, Mapping, Optional, Sequence

# NTU RGB+D, S001C002P003R001A005; Northwestern-UCLA, a01_s02_e03_v01; PKU-MMD, A12N04-L and 0002-M, with any ending.
PATTERNS = (r'S\d{3}C(?P<camera>\d{3})P(?P<subject>\d{3})R\d{3}A\d{3}.*',
            r'a\d+_s(?P<subject>\d+)_e\d+_v(?P<camera>\d+)',
            r'A\d+N(?P<subject>\d+)-(?P<camera>[LMR])(?:_.*)?', r'\d{4}-(?P<camera>[LMR])(?:_.*)?')
KEYS = dict(subject=('subject', 'performer', 'subject_id'), camera=('camera', 'view', 'setup'))


def fact_of(clip: Mapping, name: str, fact: str) -> Optional[str]:
    """Return the subject or camera of a clip, or None if it is not known.

    Args:
        clip: Its annotation, whose own keys go first.
        name: Its name.
        fact: 'subject' or 'camera'.
    """
    for key in KEYS[fact]:
        if isinstance(clip.get(key), (int, str)):
            return str(clip[key])
    for pattern in PATTERNS:
        match = re.fullmatch(pattern, name)
        if match:
            value: Any = match.groupdict().get(fact)
            return value.lstrip('0') or '0' if value else None
    return None


def facts_of(clips: Sequence[Mapping], names: Sequence[str], fact: str) -> Optional[List[str]]:
    """Return the subject or camera of all clips; None if it is not known for every clip."""
    values = [fact_of(clip, name, fact) for clip, name in zip(clips, names)]
    return None if any(value is None for value in values) else [str(value) for value in values]
