// Line charts and the reliability diagram, as SVG.
const svg = (tag, attributes, ...children) => el(tag, {svg: true, ...attributes}, ...children);

function ticks(low, high, most = 5) {
  const rough = (high - low || 1) / most, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map(factor => factor * power).find(size => size >= rough), found = [];
  for (let at = Math.ceil(low / step - 1e-9) * step; at <= high + 1e-9 * step; at += step) found.push(+at.toPrecision(10));
  return found;
}

// A chart of series {name, points: [[x, y]], colour, dash}; keys switch series on and off, and pointing reads values.
function lineChart({title, unit, series, format}) {
  const [W, H, L, R, T, B] = [460, 250, 46, 10, 10, 34], off = new Set(), drawing = svg('svg', {viewBox: `0 0 ${W} ${H}`, role: 'img', 'aria-label': `${title}, by epoch`});
  const readout = el('span', {class: 'soft', 'aria-live': 'off'}, '');
  let scales = null;
  const draw = () => {
    const points = series.filter(one => !off.has(one)).flatMap(one => one.points);
    const xs = series.flatMap(one => one.points.map(point => point[0])), ys = points.map(point => point[1]);
    if (!ys.length) return drawing.replaceChildren();
    let [x0, x1, y0, y1] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
    if (x0 === x1) { x0 -= 1; x1 += 1; }
    const room = (y1 - y0 || Math.abs(y1) || 1) * .06;
    y0 = unit === 'share' ? Math.max(0, y0 - room) : y0 - room;
    y1 = unit === 'share' ? Math.min(1, y1 + room) : y1 + room;
    const x = at => L + (at - x0) / (x1 - x0) * (W - L - R), y = at => H - B - (at - y0) / (y1 - y0 || 1) * (H - T - B);
    scales = {x, y, x0, x1};
    const nodes = [];
    for (const at of ticks(y0, y1)) nodes.push(svg('line', {class: 'grid', x1: L, x2: W - R, y1: y(at), y2: y(at)}), svg('text', {x: L - 6, y: y(at) + 4, 'text-anchor': 'end'}, format(at, y1 - y0)));
    for (const at of ticks(x0, x1, 6).filter(Number.isInteger)) nodes.push(svg('text', {x: x(at), y: H - B + 16, 'text-anchor': 'middle'}, at.toLocaleString('en')));
    nodes.push(svg('text', {x: (L + W - R) / 2, y: H - 2, 'text-anchor': 'middle'}, 'epoch'));
    for (const one of series.filter(one => !off.has(one))) {
      const style = {stroke: one.colour, fill: 'none', 'stroke-width': 1.8, 'stroke-dasharray': one.dash, 'stroke-linejoin': 'round'};
      nodes.push(svg('path', {...style, d: one.points.map(([a, b], i) => `${i ? 'L' : 'M'}${x(a).toFixed(1)} ${y(b).toFixed(1)}`).join('')}));
      if (one.points.length < 40) for (const [a, b] of one.points) nodes.push(svg('circle', {cx: x(a), cy: y(b), r: one.points.length < 3 ? 4 : 2, fill: one.colour}));
    }
    drawing.replaceChildren(...nodes, svg('line', {class: 'cross', y1: T, y2: H - B, visibility: 'hidden'}));
  };
  drawing.addEventListener('pointermove', event => {
    const box = drawing.getBoundingClientRect(), at = scales.x0 + ((event.clientX - box.left) / box.width * W - L) / (W - L - R) * (scales.x1 - scales.x0);
    const all = series.filter(one => !off.has(one)).flatMap(one => one.points.map(point => point[0]));
    if (!all.length) return;
    const epoch = all.reduce((best, x) => Math.abs(x - at) < Math.abs(best - at) ? x : best), cross = drawing.querySelector('.cross');
    cross.setAttribute('visibility', 'visible'); cross.setAttribute('x1', scales.x(epoch)); cross.setAttribute('x2', scales.x(epoch));
    readout.textContent = `epoch ${epoch}: ` + series.filter(one => !off.has(one)).map(one => [one, one.points.find(point => point[0] === epoch)])
      .filter(([, point]) => point).map(([one, point]) => `${one.name} ${format(point[1], .01)}`).join(', ');
  });
  drawing.addEventListener('pointerleave', () => { readout.textContent = ''; drawing.querySelector('.cross')?.setAttribute('visibility', 'hidden'); });
  draw();
  const keys = el('div', {class: 'keys'}, ...series.map(one => el('button', {'aria-pressed': 'true', onclick: event => {
    off.has(one) ? off.delete(one) : off.add(one);
    event.currentTarget.setAttribute('aria-pressed', String(!off.has(one)));
    draw();
  }}, svg('svg', {viewBox: '0 0 26 10'}, svg('line', {x1: 1, x2: 25, y1: 5, y2: 5, stroke: one.colour, 'stroke-width': 2.4, 'stroke-dasharray': one.dash})), one.name)));
  return el('div', {class: 'chart'}, el('h3', {}, title), drawing, series.length > 1 ? keys : null, el('p', {style: 'min-height: 1.5em; margin: 4px 0 0'}, readout));
}

function drawCurves() {
  const dashes = [null, '6 4', '2 3', '8 3 2 3', '12 4'], several = DATA.runs.length > 1;
  const panel = (title, names, unit) => {
    const series = [];
    DATA.runs.forEach((page, number) => page.curves.forEach(curve => names.forEach(([key, name], place) => {
      if (!curve[key]) return;
      const label = names.length > 1 ? (several ? `${page.name}: ${name}` : name) : several ? page.name : name;
      series.push({name: label, points: curve[key], dash: dashes[number % dashes.length], colour: PALETTE[(names.length > 1 ? place : number) % PALETTE.length]});
    })));
    if (!series.length) return null;
    const format = unit === 'share' ? (value, span) => `${(100 * value).toFixed(span < .05 ? 1 : 0)} %` : value => +value.toPrecision(4) + '';
    return lineChart({title, unit, series, format});
  };
  const panels = [
    panel('k-NN accuracy on the test split', [['accuracy k-NN, test', 'k-NN']], 'share'),
    panel('Contrastive loss of each level', LEVELS.map(level => [`loss ${level}`, level]), ''),
    panel('Contrast accuracy of each level', LEVELS.map(level => [`accuracy ${level}`, level]), 'share'),
    panel('Accuracy of the classifier', [['accuracy classifier, test', 'test split'], ['accuracy classifier, training', 'training batches']], 'share'),
    panel('Loss of the classifier', [['loss classifier', 'training']], ''),
  ].filter(Boolean);
  $('charts').replaceChildren(...panels);
  if (!panels.length) $('charts').replaceChildren(el('p', {class: 'soft'}, 'There is no training log in the work directory.'));
}

function drawCalibration() {
  const found = run().calibration;
  if (!found) {
    $('reliability').replaceChildren(el('p', {class: 'soft'}, 'This run has no trained classifier. Add the work directory of a linear classifier or of finetuning to the command to see how far its confidence can be trusted.'));
    return;
  }
  const [W, H, L, B, T] = [420, 400, 52, 92, 8], side = W - L - 8, x = at => L + at * side, y = at => T + (1 - at) * (H - T - B);
  const drawing = svg('svg', {viewBox: `0 0 ${W} ${H}`, role: 'img', 'aria-label': `Reliability diagram. Expected calibration error ${percent(found.ece)}.`});
  for (const at of [0, .25, .5, .75, 1]) drawing.append(svg('line', {class: 'grid', x1: x(0), x2: x(1), y1: y(at), y2: y(at)}),
    svg('text', {x: L - 6, y: y(at) + 4, 'text-anchor': 'end'}, `${100 * at} %`), svg('text', {x: x(at), y: y(0) + 16, 'text-anchor': at < 1 ? 'middle' : 'end'}, `${100 * at} %`));
  const most = Math.max(...found.bins.map(bin => bin.total));
  for (const bin of found.bins.filter(bin => bin.total)) {
    const left = x(bin.start) + 1.5, width = x(bin.end) - x(bin.start) - 3, middle = left + width / 2, tall = 34 * bin.total / most;
    drawing.append(svg('rect', {x: left, width, y: y(bin.value), height: y(0) - y(bin.value), fill: 'var(--accent)', opacity: .45},
      svg('title', {}, `confidence ${percent(bin.start, 0)} to ${percent(bin.end, 0)}: ${bin.correct} of ${bin.total} right`)),
    svg('line', {x1: left, x2: left + width, y1: y(bin.value), y2: y(bin.value), stroke: 'var(--accent)', 'stroke-width': 2.5}),
    svg('line', {x1: middle, x2: middle, y1: y(bin.low), y2: y(bin.high), stroke: 'var(--text)', 'stroke-width': 1.2}),
    svg('rect', {x: left, width, y: H - 26 - tall, height: tall, fill: 'var(--soft)', opacity: .6}));
  }
  drawing.append(svg('line', {x1: x(0), y1: y(0), x2: x(1), y2: y(1), stroke: 'var(--text)', 'stroke-dasharray': '5 4'}),
    svg('text', {x: x(.03), y: y(.95)}, 'accuracy'), svg('text', {x: (x(0) + x(1)) / 2, y: H - 8, 'text-anchor': 'middle'}, 'confidence, and below the axis the number of clips'));
  const gap = found.confidence - found.accuracy, way = Math.abs(gap) < .01 ? 'about as confident as it is right' : gap > 0 ? 'overconfident' : 'underconfident';
  $('reliability').replaceChildren(el('div', {class: 'reliability'}, drawing, el('div', {},
    el('div', {class: 'big'}, percent(found.ece)), el('p', {}, 'expected calibration error (ECE), in 15 bins of equal width'),
    el('p', {}, `The classifier is ${way}: it is right on ${percent(found.accuracy)} of the test clips, and its mean confidence is ${percent(found.confidence)}.`),
    el('p', {class: 'soft'}, 'Bars show how often the classifier is right at each confidence, with 95 % Wilson intervals. A calibrated classifier follows the dashed line; below the line it is too confident.'))));
}
