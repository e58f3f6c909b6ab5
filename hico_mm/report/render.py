"""Make the HTML file of a report."""

import html
import json
from pathlib import Path
from typing import Any, Dict, List

ASSETS = Path(__file__).parent / 'assets'
SCRIPTS = ('common.js', 'player.js', 'map.js', 'charts.js', 'tables.js', 'page.js')


def render(data: Dict[str, Any], title: str) -> str:
    """Return the page as one HTML file that loads nothing else.

    Args:
        data: The result of :func:`~hico_mm.report.collect`.
        title: Title of the page.
    """
    data = dict(data, title=title, sets=[dict(clips) for clips in data['sets']])
    texts: List[str] = [clips.pop('skeletons') for clips in data['sets']]
    skeletons = ''.join(f'<script type="text/plain" id="skeletons-{number}">{text}</script>\n'
                        for number, text in enumerate(texts))
    parts = dict(title=html.escape(title), style=_asset('report.css'), data=script_json(data), skeletons=skeletons,
                 script='\n'.join(map(_asset, SCRIPTS)))
    page = _asset('report.html')
    for name, text in parts.items():
        before, _, after = page.partition(f'<!-- {name} -->')
        parts[name] = before + text
        page = after
    return ''.join(parts.values()) + page


def script_json(data: Any) -> str:
    """Return data as JSON that can stand in a ``<script>``: no name in it can end the script or begin a comment."""
    text = json.dumps(data, separators=(',', ':'), allow_nan=False)
    return text.replace('<', '\\u003c').replace('>', '\\u003e').replace('&', '\\u0026')


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding='utf-8')
