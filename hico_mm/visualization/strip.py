"""A page with rows of clips that move in step, in one file that needs no network."""

import base64
import html
import json
from pathlib import Path
from typing import Any, Dict, List, Sequence, Union

import numpy as np

from ..fileio import atomic_write
from .motion import ABSENT, LARGEST

Card = Dict[str, Any]  # name, kind, motion (M, T, V, C) int16, and optionally label and edges
QUERY = ('The clip with a border is the query; beside it are the most similar clips, best first, with their similarity '
         '(1 is equal).')


def write_strip(path: Union[str, Path], rows: Sequence[Sequence[Card]], skeleton: Dict[str, Any],
                title: str = 'Similar clips', about: str = QUERY, seconds: float = 3) -> None:
    """Write a page. Names and labels are text, whatever they contain.

    Args:
        path: The file.
        rows: The cards of each row. A card has a ``name``, a ``kind`` (a word or number above the clip), a ``motion``
            (see :mod:`hico_mm.visualization.motion`) and optionally a ``label``, and ``edges`` in place of those of
            the skeleton.
        skeleton: What :func:`~hico_mm.visualization.motion.drawing` returns.
        title: Title of the page. Defaults to 'Similar clips'.
        about: What is to be seen. Defaults to the explanation of a search.
        seconds: How long a clip takes. Defaults to 3.
    """
    drawings: List[Any] = []
    motions = [_encoded(card, skeleton['edges'], drawings) for row in rows for card in row]
    data = json.dumps(dict(motions=motions, drawings=drawings, largest=LARGEST, absent=ABSENT, seconds=seconds))
    body, number = [], 0
    for row in rows:
        body.append('<ol class="row">')
        for card in row:
            body.append(_card(card, number))
            number += 1
        body.append('</ol>')
    page = _PAGE.replace('@TITLE@', html.escape(title)).replace('@ABOUT@', html.escape(about))
    page = page.replace('@ROWS@', '\n'.join(body)).replace('@DATA@', data.replace('<', '\\u003c'))
    with atomic_write(path) as temporary:
        temporary.write_text(page, encoding='utf-8')


def _card(card: Card, number: int) -> str:
    name, kind, label = (html.escape(str(card.get(key, ''))) for key in ('name', 'kind', 'label'))
    return (f'<li class="{"query" if card["kind"] == "query" else "match"}"><b>{kind}</b> '
            f'<canvas width="220" height="220" data-motion="{number}" role="img" aria-label="{name} {label} {kind}">'
            f'</canvas><span class="label">{label}</span><span class="name">{name}</span></li>')


def _encoded(card: Card, usual: Any, drawings: List[Any]) -> List[Any]:
    """Return the shape of a motion, its numbers as base64 of little-endian int16, and the place of its edges."""
    edges, motion = card.get('edges', usual), card['motion']
    if edges not in drawings:
        drawings.append(edges)
    return [list(motion.shape), base64.b64encode(np.ascontiguousarray(motion, '<i2').tobytes()).decode(),
            drawings.index(edges)]


_PAGE = '''<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>@TITLE@</title>
<style>
:root { color-scheme: light dark; --ground: #fff; --card: #f4f4f6; --ink: #1b1b1f; --faint: #5d5d66;
  --person0: #0b62b8; --person1: #c85200; --person2: #00795a; --person3: #a8447f; --mark: #0b62b8; }
@media (prefers-color-scheme: dark) { :root { --ground: #131316; --card: #1f1f24; --ink: #ececf0; --faint: #a9a9b4;
  --person0: #6db7ff; --person1: #ff9d4d; --person2: #4fd0ab; --person3: #eda3cf; --mark: #6db7ff; } }
body { margin: 1.5rem; background: var(--ground); color: var(--ink); font: 15px/1.4 system-ui, sans-serif; }
h1 { font-size: 1.25rem; margin: 0 0 .25rem; }
p { color: var(--faint); margin: 0 0 1rem; max-width: 45rem; }
button { font: inherit; padding: .3rem .9rem; margin-right: .75rem; }
.row { display: flex; flex-wrap: wrap; gap: .75rem; list-style: none; margin: 1rem 0; padding: 0; }
li { width: 170px; padding: .6rem; background: var(--card); border: 2px solid transparent; border-radius: .5rem; }
li.query { border-color: var(--mark); }
canvas { display: block; width: 100%; touch-action: none; cursor: grab; }
.label, .name { display: block; overflow-wrap: anywhere; }
.name { color: var(--faint); font-size: .85em; }
</style>
</head>
<body>
<h1>@TITLE@</h1>
<p>@ABOUT@ The left side of a body is dashed; the first person is blue and the second is orange. All clips are stretched
to the same time. Drag a skeleton, or press the arrow keys, to turn them.</p>
<button id="play" type="button">Pause</button><span id="angle" aria-live="polite"></span>
@ROWS@
<noscript>The skeletons are drawn by JavaScript, which is switched off.</noscript>
<script type="application/json" id="data">@DATA@</script>
<script>
'use strict';
const data = JSON.parse(document.getElementById('data').textContent);
const seconds = data.seconds, button = document.getElementById('play');
let yaw = 0, phase = 0, last = null;
let playing = !matchMedia('(prefers-reduced-motion: reduce)').matches;

function decode([shape, text, drawing]) {
  const bytes = Uint8Array.from(atob(text), c => c.charCodeAt(0)), view = new DataView(bytes.buffer);
  const values = new Int16Array(bytes.length / 2);
  for (let i = 0; i < values.length; i++) values[i] = view.getInt16(2 * i, true);
  return { shape, values, edges: data.drawings[drawing] };
}

const colour = name => getComputedStyle(document.documentElement).getPropertyValue(name);
const clips = [...document.querySelectorAll('canvas')].map(canvas => {
  const ratio = devicePixelRatio || 1, size = canvas.width;
  canvas.width = canvas.height = size * ratio;
  const pen = canvas.getContext('2d');
  pen.scale(ratio, ratio);
  return { pen, size, ...decode(data.motions[canvas.dataset.motion]) };
});

function place(clip, person, frame, joint) {
  const [, frames, joints, channels] = clip.shape;
  const at = ((person * frames + frame) * joints + joint) * channels, v = clip.values;
  if (v[at] === data.absent) return null;
  const x = v[at] / data.largest, y = v[at + 1] / data.largest, z = channels > 2 ? v[at + 2] / data.largest : 0;
  const across = x * Math.cos(yaw) + z * Math.sin(yaw), half = clip.size / 2, zoom = 2.6 * half;
  return [half + zoom * across, half + (channels > 2 ? -zoom : zoom) * y];
}

function draw(clip, colours) {
  const { pen, size } = clip, [persons, frames] = clip.shape;
  const frame = Math.min(Math.floor(phase * frames), frames - 1);
  pen.clearRect(0, 0, size, size);
  for (let person = 0; person < persons; person++) {
    pen.strokeStyle = colours[person % colours.length];
    for (const [joint, parent, side] of clip.edges) {  // side: 0 middle, 1 left, 2 right, 3 faint
      const a = place(clip, person, frame, joint), b = place(clip, person, frame, parent);
      if (!a || !b) continue;
      pen.setLineDash(side === 1 ? [5, 3] : []);
      pen.lineCap = side === 1 ? 'butt' : 'round';
      pen.lineWidth = [1.8, 2.5, 2.8, 1][side];
      pen.globalAlpha = side === 3 ? .4 : 1;
      pen.beginPath();
      pen.moveTo(...a);
      pen.lineTo(...b);
      pen.stroke();
    }
  }
}

function drawAll() {
  const colours = ['--person0', '--person1', '--person2', '--person3'].map(colour);
  for (const clip of clips) draw(clip, colours);
}

function tick(now) {
  if (playing && last !== null) phase = (phase + (now - last) / 1000 / seconds) % 1;
  last = now;
  if (playing) drawAll();
  requestAnimationFrame(tick);
}

function turn(by) {
  yaw += by;
  document.getElementById('angle').textContent = 'turned by ' + Math.round(yaw * 180 / Math.PI) + '°';
  drawAll();
}

function setPlaying(value) {
  playing = value;
  button.textContent = playing ? 'Pause' : 'Play';
}

button.addEventListener('click', () => setPlaying(!playing));
document.addEventListener('keydown', event => {
  const step = { ArrowLeft: -.15, ArrowRight: .15 }[event.key];
  if (step) turn(step);
});
document.addEventListener('pointermove', event => {
  if (event.buttons && event.target.tagName === 'CANVAS') turn(event.movementX / 80);
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll);
setPlaying(playing);
drawAll();
requestAnimationFrame(tick);
</script>
</body>
</html>
'''
