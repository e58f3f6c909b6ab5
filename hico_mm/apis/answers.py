"""What a search finds."""

from typing import Any, Dict, List, NamedTuple, Optional, Union

import numpy as np

from .gallery import Gallery


class Match(NamedTuple):
    """A clip of the gallery.

    Args:
        name: Its name.
        label: Its label, or None if it has none.
        class_name: Name of its class, or None if not known.
        score: Cosine similarity to the query, from -1 to 1.
    """

    name: str
    label: Optional[int]
    class_name: Optional[str]
    score: float


class Answer(NamedTuple):
    """What a query finds.

    Args:
        query: Name of the query.
        label: Its label, or None if it has none.
        class_name: Name of its class, or None if not known.
        matches: The most similar clips, best first.
        encode_ms: Milliseconds to prepare and encode the query, or None if it is a clip of the gallery.
        search_ms: Milliseconds to compare it with the gallery.
        motion: Small copy of the query, (M, T, V, C) int16.
    """

    query: str
    label: Optional[int]
    class_name: Optional[str]
    matches: List[Match]
    encode_ms: Optional[float]
    search_ms: float
    motion: np.ndarray

    def to_dict(self) -> Dict[str, Any]:
        """Return the answer as plain data, without the motion."""
        plain = {key: value for key, value in self._asdict().items() if key != 'motion'}
        return dict(plain, matches=[match._asdict() for match in self.matches])

    def cards(self, gallery: Gallery) -> List[Dict[str, Any]]:
        """Return the query and its matches as :func:`~hico_mm.visualization.strip.write_strip` draws them."""
        places = {name: place for place, name in enumerate(gallery.names)}
        cards = [dict(name=self.query, kind='query', label=class_text(self), motion=self.motion)]
        for match in self.matches:
            cards.append(dict(name=match.name, kind=f'{match.score:.3f}', label=class_text(match),
                              motion=gallery.motions.get(places[match.name])))
        return cards


def class_text(clip: Union[Match, Answer]) -> str:
    """Format the class of a clip: its name, or its label if the name is not known."""
    return clip.class_name or ('' if clip.label is None else f'label {clip.label}')
