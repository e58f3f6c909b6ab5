// A scatter plot on a canvas: pan, zoom, hover, lasso and arrow keys. Maps of the same clips share their state.
function addShape(context, shape, x, y, r) {
  if (shape === 1) context.rect(x - .85 * r, y - .85 * r, 1.7 * r, 1.7 * r);
  else if (shape === 0) { context.moveTo(x + r, y); context.arc(x, y, r, 0, 7); }
  else if (shape === 4 || shape === 5) {  // a cross, and a plus, as outlines of two bars
    const bar = .36 * r, long = 1.2 * r, turn = shape === 4 ? Math.SQRT1_2 : 1, skew = shape === 4 ? Math.SQRT1_2 : 0;
    for (const [w, h] of [[long, bar], [bar, long]]) {
      const corners = [[-w, -h], [w, -h], [w, h], [-w, h]].map(([a, b]) => [x + a * turn - b * skew, y + a * skew + b * turn]);
      corners.forEach((corner, i) => i ? context.lineTo(...corner) : context.moveTo(...corner));
      context.closePath();
    }
  } else {
    const corners = {2: [[0, -1.2], [1.1, .8], [-1.1, .8]], 3: [[0, -1.3], [1.1, 0], [0, 1.3], [-1.1, 0]], 6: [[0, 1.2], [1.1, -.8], [-1.1, -.8]]}[shape];
    corners.forEach(([a, b], i) => i ? context.lineTo(x + a * r, y + b * r) : context.moveTo(x + a * r, y + b * r));
    context.closePath();
  }
}

class FeatureMap {
  constructor(number) {
    this.number = number;
    this.page = DATA.runs[number];
    this.zoom = 1; this.x = .5; this.y = .5; this.path = null;
    const ranges = [0, 1].map(axis => this.page.map.filter((_, i) => i % 2 === axis));
    this.extent = ranges.map(values => values.reduce((range, value) => [Math.min(range[0], value), Math.max(range[1], value)], [65535, 0]))
      .map(([low, high]) => Math.max((high - low) / 65535, .05));
    this.canvas = el('canvas', {tabindex: 0, role: 'application', 'data-run': number,
      'aria-label': `Map of ${this.page.name}. Arrow keys go to the next clip in their direction, plus and minus zoom, zero shows everything.`});
    const button = (text, label, act) => el('button', {'aria-label': label, title: label, onclick: act}, text);
    this.node = el('div', {class: 'map'}, this.canvas,
      el('div', {class: 'name'}, DATA.runs.length > 1 ? this.page.name : ''),
      el('div', {class: 'zoom'}, button('+', 'Zoom in', () => this.scale(1.5)), button('−', 'Zoom out', () => this.scale(1 / 1.5)),
        button('⤢', 'Show everything', () => this.reset())));
    const on = (name, act, options) => this.canvas.addEventListener(name, event => act.call(this, event), options);
    on('pointerdown', this.down); on('pointermove', this.move); on('pointerup', this.up);
    on('pointerleave', () => { if (!this.drag) hover(-1); }); on('wheel', this.wheel, {passive: false}); on('keydown', this.key);
    new ResizeObserver(() => this.draw()).observe(this.canvas);
  }
  // Position of a clip on the canvas.
  at(clip) {
    const side = this.side * this.zoom, map = this.page.map;
    return [this.width / 2 + (map[2 * clip] / 65535 - this.x) * side, this.height / 2 + (map[2 * clip + 1] / 65535 - this.y) * side];
  }
  // Pixels of the whole map, so that all clips fit at zoom 1.
  get side() { return Math.min(this.width * .94 / this.extent[0], this.height * .9 / this.extent[1]); }
  reset() { this.zoom = 1; this.x = this.y = .5; this.draw(); }
  scale(factor, px = this.width / 2, py = this.height / 2) {
    const side = this.side, zoom = clamp(this.zoom * factor, .7, 60);
    this.x += (px - this.width / 2) / side * (1 / this.zoom - 1 / zoom);
    this.y += (py - this.height / 2) / side * (1 / this.zoom - 1 / zoom);
    this.zoom = zoom;
    this.draw();
  }
  draw() {
    if (!this.canvas.clientWidth) return;
    const [context, width, height] = fit(this.canvas), {of, names} = groups(), set = clips();
    Object.assign(this, {context, width, height});
    const radius = clamp(Math.min(width, height) / 150 * Math.sqrt(1500 / (set.name.length + 300)) * Math.sqrt(this.zoom), 1.6, 8);
    const layers = new Map();  // one path for each category, split and lasso side
    for (let clip = 0; clip < set.name.length; clip++) {
      if (!passes(clip)) continue;
      const [x, y] = this.at(clip);
      if (x < -9 || y < -9 || x > width + 9 || y > height + 9) continue;
      const alpha = state.lasso && !state.lasso.has(clip) ? .1 : set.test[clip] ? .95 : .45, key = `${alpha} ${of[clip]}`;
      if (!layers.has(key)) layers.set(key, {alpha, category: of[clip], path: new Path2D()});
      addShape(layers.get(key).path, shapeOf(of[clip]), x, y, set.test[clip] ? radius : .8 * radius);
    }
    for (const {alpha, category, path} of [...layers.values()].sort((a, b) => a.alpha - b.alpha)) {
      context.globalAlpha = alpha;
      context.fillStyle = colourOf(category);
      context.fill(path);
    }
    context.globalAlpha = 1;
    this.drawChosen(radius);
    if (state.names && names.length <= 70 && state.colour !== 'right' && state.colour !== 'split') this.drawNames();
    if (this.path) {
      context.strokeStyle = colours.accent; context.lineWidth = 1.5; context.setLineDash([5, 4]);
      context.beginPath();
      this.path.forEach((point, i) => i ? context.lineTo(...point) : context.moveTo(...point));
      context.closePath(); context.stroke(); context.setLineDash([]);
    }
  }
  drawChosen(radius) {
    const ring = (clip, size, colour, dashed) => {
      const [x, y] = this.at(clip), context = this.context;
      context.strokeStyle = colour; context.lineWidth = 2.2; context.setLineDash(dashed ? [3, 3] : []);
      context.beginPath(); context.arc(x, y, size, 0, 7); context.stroke(); context.setLineDash([]);
    };
    if (state.clip >= 0) {
      const from = this.at(state.clip);
      for (const other of this.page.neighbours[state.clip]) {
        if (other < 0) continue;
        const right = clips().label[other] === clips().label[state.clip], context = this.context;
        context.strokeStyle = right ? colours.right : colours.wrong; context.lineWidth = 1.4; context.setLineDash(right ? [] : [4, 3]);
        context.beginPath(); context.moveTo(...from); context.lineTo(...this.at(other)); context.stroke();
        ring(other, radius + 3, right ? colours.right : colours.wrong, !right);
      }
      ring(state.clip, radius + 5, colours.text); ring(state.clip, radius + 2, colours.card);
    }
    if (state.hover >= 0) ring(state.hover, radius + 4, colours.accent);
  }
  // The name of each category at the clip in its middle, where there is room.
  drawNames() {
    const {of, names} = groups(), members = names.map(() => []), boxes = [], context = this.context;
    for (let clip = 0; clip < of.length; clip++) if (isPicked(clip)) members[of[clip]].push(this.at(clip));
    context.font = '600 12.5px system-ui, sans-serif'; context.textAlign = 'center'; context.textBaseline = 'middle';
    const order = members.map((list, i) => i).filter(i => members[i].length).sort((a, b) => members[b].length - members[a].length);
    for (const category of order) {
      const [x, y] = densest(members[category], this.zoom * Math.min(this.width, this.height) / 14);
      const half = context.measureText(names[category]).width / 2 + 3, cx = clamp(x, half, this.width - half);
      if (x < 0 || y < 0 || x > this.width || y > this.height) continue;
      if (boxes.some(box => Math.abs(box[0] - cx) < box[2] + half && Math.abs(box[1] - y) < 17)) continue;
      boxes.push([cx, y, half]);
      context.lineWidth = 4; context.lineJoin = 'round'; context.strokeStyle = colours.card; context.globalAlpha = .88;
      context.strokeText(names[category], cx, y); context.globalAlpha = 1;
      context.fillStyle = colours.text; context.fillText(names[category], cx, y);
    }
  }
  nearest(px, py, reach = 16) {
    let best = -1, least = reach * reach;
    for (let clip = 0; clip < clips().name.length; clip++) {
      const [x, y] = this.at(clip), distance = (x - px) ** 2 + (y - py) ** 2;
      if (distance < least && passes(clip)) { least = distance; best = clip; }
    }
    return best;
  }
  point(event) { const box = this.canvas.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; }
  down(event) {
    const point = this.point(event);
    this.drag = {start: point, x: this.x, y: this.y, moved: false};
    if (state.tool === 'lasso' || event.shiftKey) this.path = [point];
    this.canvas.setPointerCapture(event.pointerId);
  }
  move(event) {
    const point = this.point(event);
    if (!this.drag) { hover(this.nearest(...point), event.clientX, event.clientY); return; }
    this.drag.moved = this.drag.moved || Math.hypot(point[0] - this.drag.start[0], point[1] - this.drag.start[1]) > 4;
    if (!this.drag.moved) return;
    hover(-1);
    if (this.path) this.path.push(point);
    else {
      const side = this.side * this.zoom;
      this.x = this.drag.x - (point[0] - this.drag.start[0]) / side;
      this.y = this.drag.y - (point[1] - this.drag.start[1]) / side;
    }
    this.draw();
  }
  up(event) {
    const drag = this.drag, path = this.path;
    this.drag = this.path = null;
    if (!drag) return;
    if (!drag.moved) {
      const clip = this.nearest(...this.point(event));
      if (clip >= 0) choose(clip);
      else if (state.lasso) change({lasso: null});
    } else if (path && path.length > 2) {
      const inside = new Set();
      for (let clip = 0; clip < clips().name.length; clip++) if (passes(clip) && contains(path, this.at(clip))) inside.add(clip);
      change({lasso: inside.size ? inside : null});
    }
    this.draw();
  }
  wheel(event) {  // the page scrolls unless the map was clicked, so that nobody is trapped in it
    if (document.activeElement !== this.canvas && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    this.scale(Math.exp(-event.deltaY * .0018), ...this.point(event));
  }
  key(event) {
    const aim = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key];
    if (aim) choose(this.towards(...aim));
    else if (event.key === '+' || event.key === '=') this.scale(1.5);
    else if (event.key === '-') this.scale(1 / 1.5);
    else if (event.key === '0') this.reset();
    else if (event.key === 'Escape') change({lasso: null});
    else return;
    event.preventDefault();
  }
  // The nearest clip in a direction from the chosen one.
  towards(dx, dy) {
    const [x, y] = state.clip >= 0 ? this.at(state.clip) : [this.width / 2, this.height / 2];
    let best = state.clip, least = Infinity;
    for (let clip = 0; clip < clips().name.length; clip++) {
      if (clip === state.clip || !passes(clip)) continue;
      const [a, b] = this.at(clip), along = (a - x) * dx + (b - y) * dy, across = Math.abs((a - x) * dy) + Math.abs((b - y) * dx);
      if (along > .5 && across <= along * 1.2 && along + 2 * across < least) { least = along + 2 * across; best = clip; }
    }
    return best;
  }
}

// The point of a list with the most others nearby, from a sample of it.
function densest(points, reach) {
  const step = Math.max(1, Math.floor(points.length / 120)), sample = points.filter((_, i) => i % step === 0);
  let best = sample[0], most = -1;
  for (const [x, y] of sample) {
    const near = sample.filter(([a, b]) => Math.hypot(a - x, b - y) < reach).length;
    if (near > most) { most = near; best = [x, y]; }
  }
  return best;
}

function contains(path, [x, y]) {
  let inside = false;
  for (let i = 0, j = path.length - 1; i < path.length; j = i++) {
    const [[a, b], [c, d]] = [path[i], path[j]];
    if (b > y !== d > y && x < (c - a) * (y - b) / (d - b) + a) inside = !inside;
  }
  return inside;
}
