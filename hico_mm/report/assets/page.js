// The parts of the page, and what happens when something is chosen.
let maps = [], drawn = run().set;

function select(label, key, options, attributes = {}) {
  return el('label', {}, label, el('select', {'data-key': key, onchange: event => change({[key]: attributes.number ? +event.target.value : event.target.value})},
    ...options.map(([value, text]) => el('option', {value, selected: String(state[key]) === String(value)}, text))));
}
function choices(key, options, label) {
  return el('span', {class: 'group', role: 'group', 'aria-label': label}, ...options.map(([value, text]) => el('button', {
    class: 'choice', 'data-key': key, 'data-value': value, 'aria-pressed': String(state[key] === value), onclick: () => change({[key]: value})}, text)));
}

function drawControls() {
  const names = DATA.runs.map((page, number) => [number, page.name]);
  const others = names.filter(([number]) => number !== state.run && DATA.runs[number].set === run().set);
  $('controls').replaceChildren(...[
    names.length > 1 ? select('Run', 'run', names, {number: true}) : null,
    others.length ? select('beside', 'other', [[-1, 'none'], ...others], {number: true}) : null,
    run().results.length > 1 ? el('label', {}, 'Predictions of', choices('answers', run().results.map(one => [one.key, one.name]), 'Predictions of')) : null,
    el('button', {id: 'play', onclick: () => change({playing: !state.playing})}, state.playing ? '❚❚ Pause' : '▶ Play'),
    el('button', {id: 'theme', 'aria-label': 'Switch between light and dark', title: 'Switch between light and dark', onclick: switchTheme}, '◐'),
  ].filter(Boolean));
}

function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
}
function switchTheme() {
  document.documentElement.dataset.theme = isDark() ? 'light' : 'dark';
  recolour();
}
function recolour() {
  readColours();
  drawLegend();
  redrawMaps();
  drawMatrix();
}

function drawTools() {
  const set = clips(), colourings = [['class', 'class'], ['predicted', 'predicted class'], ['right', 'right or wrong'], ['split', 'split']];
  if (set.subject) colourings.push(['subject', 'subject']);
  if (set.camera) colourings.push(['camera', 'camera']);
  const search = el('input', {type: 'search', placeholder: 'Find clips or classes', 'aria-label': 'Find clips or classes', value: state.query, oninput: event => change({query: event.target.value})});
  $('tools').replaceChildren(select('Colour', 'colour', colourings), select('Clips', 'split', [['all', 'all'], ['test', 'test'], ['train', 'training']]),
    choices('tool', [['move', 'Move'], ['lasso', 'Lasso']], 'What dragging does'), search,
    el('label', {}, el('input', {type: 'checkbox', checked: state.names, onchange: event => change({names: event.target.checked})}), 'names'),
    el('button', {id: 'everything', onclick: () => { search.value = ''; change({query: '', lasso: null, hidden: new Set(), split: 'all'}); drawTools(); drawPicked(); }}, 'Show all'),
    el('span', {class: 'soft', id: 'counted', role: 'status'}, ''));
}

function drawMaps() {
  maps = [state.run, ...(state.other >= 0 ? [state.other] : [])].map(number => new FeatureMap(number));
  $('maps').replaceChildren(...maps.map(map => map.node));
  redrawMaps();
}
const redrawMaps = () => maps.forEach(map => map.draw());

function drawLegend() {
  const {names, of} = groups(), counts = names.map(() => 0), set = clips();
  of.forEach((category, clip) => { if (state.split === 'all' || set.test[clip] === (state.split === 'test' ? 1 : 0)) counts[category]++; });
  $('legend').replaceChildren(...names.map((name, category) => {
    const canvas = el('canvas', {width: 26, height: 26, 'aria-hidden': 'true'}), context = canvas.getContext('2d');
    context.fillStyle = colourOf(category);
    context.beginPath(); addShape(context, shapeOf(category), 13, 13, 9); context.fill();
    return el('button', {'aria-pressed': String(!state.hidden.has(category)), 'data-category': category, title: 'Press to hide or show, double press for only this one',
      onclick: () => toggle(category), ondblclick: () => change({hidden: new Set(names.map((_, other) => other).filter(other => other !== category))})},
    canvas, name, el('span', {class: 'count'}, counts[category].toLocaleString('en')));
  }));
  const judged = ['right', 'predicted'].includes(state.colour);
  $('legend-note').textContent = !judged ? '' : state.answers === 'knn' ? 'Training clips get the label of the nearest other training clip.' : 'The classifier was trained on the training clips.';
}
function toggle(category) {
  const hidden = new Set(state.hidden);
  hidden.has(category) ? hidden.delete(category) : hidden.add(category);
  change({hidden});
}

function drawPicked() {
  const total = clips().name.length, list = [];
  for (let clip = 0; clip < total; clip++) if (isPicked(clip)) list.push(clip);
  $('counted').textContent = list.length === total ? count(total, 'clip') : `${list.length.toLocaleString('en')} of ${count(total, 'clip')}`;
  if (list.length === total || state.hidden.size && !state.lasso && !state.query && list.length > 200) { $('picked').replaceChildren(); return; }
  if (!list.length) { $('picked').replaceChildren(el('p', {class: 'note'}, 'No clip is left. Press “Show all”.')); return; }
  const labels = new Map();
  for (const clip of list) labels.set(clips().label[clip], (labels.get(clips().label[clip]) || 0) + 1);
  const most = [...labels].sort((a, b) => b[1] - a[1]).slice(0, 4).map(([label, times]) => `${className(label)} ${times}`).join(', ');
  strip($('picked'), `${count(list.length, 'chosen clip')}: ${most}${labels.size > 4 ? ', …' : ''}`, list);
}

function drawDetail() {
  const clip = state.clip, set = clips();
  if (clip < 0) { $('detail').replaceChildren(el('p', {class: 'soft'}, 'Click a mark on the map to see the clip and its nearest training clips.')); return; }
  const close = el('button', {class: 'close', 'aria-label': 'Close', title: 'Close', onclick: closeDetail}, '✕');
  const large = player(clip, {large: true}), flat = set.skeleton.channels < 3, fact = (name, ...value) => [el('dt', {}, name), el('dd', {}, ...value)];
  const verdict = (label, more = '') => set.label[clip] < 0 ? className(label) : el('span', {class: label === set.label[clip] ? 'ok' : 'bad'}, `${label === set.label[clip] ? '✓' : '✗'} ${className(label)}${more}`);
  Object.entries({tabindex: 0, role: 'img', id: 'large', 'aria-label': `${set.name[clip]}, moving. Left and right arrow keys turn it.`}).forEach(([name, value]) => large.setAttribute(name, value));
  if (!flat) turnable(large);
  const facts = el('dl', {class: 'facts'}, ...fact('class', el('b', {}, className(set.label[clip]))),
    ...fact('k-NN', verdict(run().predictions.knn[clip])),
    ...(run().predictions.classifier ? fact('classifier', verdict(run().predictions.classifier[clip], `, ${percent(run().confidence[clip], 0)} sure`)) : []));
  const more = [set.name[clip], `${set.test[clip] ? 'test' : 'training'} clip (${set.splits[set.test[clip]]})`, set.subject && `subject ${set.subject[clip]}`, set.camera && `camera ${set.camera[clip]}`, count(set.frames[clip], 'frame')];
  const sections = [state.run, ...(state.other >= 0 ? [state.other] : [])].map(number => {
    const page = DATA.runs[number], near = page.neighbours[clip].map((other, place) => [other, place]).filter(([other]) => other >= 0);
    return [el('h3', {}, `Nearest training clips${state.other >= 0 ? ` of ${page.name}` : ''}`), near.length ? el('div', {class: 'cards', 'data-neighbours': number}, ...near.map(([other, place]) =>
      card(other, {wanted: set.label[clip] < 0 ? null : set.label[clip], note: `${place + 1}. cosine ${page.cosines[clip][place].toFixed(3)}`}))) : el('p', {class: 'soft'}, 'They are not in this file.')];
  }).flat();
  $('detail').replaceChildren(close, el('div', {class: 'large'}, large, el('div', {class: 'key'}, el('i', {class: 'l'}, 'left'), ' ', el('i', {class: 'r'}, 'right')), flat ? null : el('div', {class: 'hint'}, 'drag to turn')),
    el('div', {class: 'transport'}, el('input', {type: 'range', id: 'scrub', min: 0, max: 1, step: .005, value: state.at, 'aria-label': 'Position in the clip', oninput: event => { change({playing: false}); seek(+event.target.value); }}),
      select('speed', 'speed', [[.25, '¼'], [.5, '½'], [1, '1'], [2, '2']], {number: true})), facts, el('p', {class: 'soft'}, more.filter(Boolean).join(' · ')), ...sections);
}

function turnable(canvas) {
  let from = null;
  canvas.addEventListener('pointerdown', event => { from = [event.clientX, event.clientY, state.yaw, state.pitch]; canvas.setPointerCapture(event.pointerId); });
  canvas.addEventListener('pointermove', event => {
    if (from) Object.assign(state, {yaw: from[2] + (event.clientX - from[0]) * .012, pitch: clamp(from[3] + (event.clientY - from[1]) * .012, -1.5, 1.5)});
  });
  for (const end of ['pointerup', 'pointercancel']) canvas.addEventListener(end, () => { from = null; });
  canvas.addEventListener('dblclick', () => Object.assign(state, {yaw: .35, pitch: .12}));
  canvas.addEventListener('keydown', event => {
    const step = {ArrowLeft: -.15, ArrowRight: .15}[event.key];
    if (!step) return;
    state.yaw += step;
    event.preventDefault();
  });
}

// The chosen clip stands beside the map. If it is chosen in a list further down, it is shown over the page.
function choose(clip, from = null) {
  if (clip < 0) return;
  if (from && from.closest('#classes-clips, #confusions-clips')) $('detail').classList.add('over');
  change({clip});
}
const closeDetail = () => $('detail').classList.remove('over');

let tipCanvas = null;
function hover(clip, x = 0, y = 0) {
  const tip = $('tip');
  if (clip !== state.hover) {
    state.hover = clip;
    redrawMaps();
    tip.hidden = clip < 0;
    if (clip >= 0) {
      const set = clips();
      tip.replaceChildren(tipCanvas = player(clip), el('b', {}, className(set.label[clip])), el('br'),
        set.label[clip] < 0 ? '' : el('span', {class: isRight(clip) ? 'ok' : 'bad'}, isRight(clip) ? '✓ predicted right' : `✗ predicted as ${className(predictions()[clip])}`), el('br'),
        el('span', {class: 'soft'}, set.name[clip]));
    }
  }
  if (clip < 0) return;
  const box = tip.getBoundingClientRect();
  tip.style.left = `${x + 18 + box.width > innerWidth ? Math.max(x - box.width - 14, 4) : x + 18}px`;
  tip.style.top = `${clamp(y - 60, 4, Math.max(innerHeight - box.height - 6, 4))}px`;
}

function drawModels() {
  $('models').replaceChildren(...DATA.runs.map(page => el('div', {}, DATA.runs.length > 1 ? el('h2', {}, page.name) : null, el('div', {class: 'models'}, ...page.models.map(model => el('div', {}, el('h3', {}, model.task),
    el('dl', {class: 'facts wide'}, ...model.rows.flatMap(([name, text]) => [el('dt', {}, name), el('dd', {}, text)]))))))));
}

// The clip to begin with: the wrong test clip with the most similar neighbours, which is the most instructive one.
function first() {
  const set = clips(), page = run();
  const ranked = testClips(clip => set.play[clip] && page.neighbours[clip].every(other => other >= 0 && set.play[other])).sort((a, b) => isRight(a) - isRight(b) || page.cosines[b][0] - page.cosines[a][0]);
  return ranked.length ? ranked[0] : set.name.length ? 0 : -1;
}

function drawErrors() { orderTool('classes-tools', 'classes', drawClasses); orderTool('confusions-tools', 'matrix', drawMatrix); drawClasses(); drawMatrix(); for (const place of ['classes-clips', 'confusions-clips']) $(place).replaceChildren(); }
function drawRun() { grouping = null; drawControls(); drawTools(); drawLegend(); drawMaps(); drawPicked(); drawDetail(); drawSummary(); drawErrors(); drawCalibration(); }

when('run', () => {
  const other = state.other >= 0 && state.other !== state.run && DATA.runs[state.other].set === run().set ? state.other : -1;
  const same = drawn === run().set;
  if (!run().predictions[state.answers]) state.answers = 'knn';
  Object.assign(state, {other, hover: -1}, same ? {} : {clip: -1, lasso: null, hidden: new Set(), query: '', colour: 'class'});
  grouping = null;
  drawn = run().set;
  if (state.clip < 0) state.clip = first();
  drawRun();
});
when('other', () => { drawMaps(); drawDetail(); });
when('answers', () => { if (['right', 'predicted'].includes(state.colour)) state.hidden = new Set(); grouping = null; drawControls(); drawLegend(); redrawMaps(); drawPicked(); drawErrors(); });
when('colour', () => { state.hidden = new Set(); grouping = null; drawLegend(); redrawMaps(); drawPicked(); });
when('hidden split', () => { drawLegend(); redrawMaps(); drawPicked(); });
when('query lasso names', () => { redrawMaps(); drawPicked(); });
when('clip', () => { redrawMaps(); drawDetail(); document.querySelectorAll('.card[aria-current]').forEach(one => one.removeAttribute('aria-current')); document.querySelectorAll(`.card[data-clip="${state.clip}"]`).forEach(one => one.setAttribute('aria-current', 'true')); });
when('playing', drawControls);
when('tool', () => document.querySelectorAll('#tools [data-key=tool]').forEach(one => one.setAttribute('aria-pressed', String(one.dataset.value === state.tool))));

document.addEventListener('keydown', event => {
  if (event.key === ' ' && !event.target.closest('button, input, select, td, a')) { change({playing: !state.playing}); event.preventDefault(); }
  if (event.key === 'Escape' && $('detail').classList.contains('over')) closeDetail();
  else if (event.key === 'Escape' && state.lasso) change({lasso: null});
});
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', recolour);
document.addEventListener('visibilitychange', () => { last = 0; });

const links = [...document.querySelectorAll('nav a')];
function watchSections() {
  const seen = new Set(), observer = new IntersectionObserver(entries => {
    for (const entry of entries) entry.isIntersecting ? seen.add(entry.target.id) : seen.delete(entry.target.id);
    const here = links.find(link => seen.has(link.hash.slice(1)));
    links.forEach(link => link.classList.toggle('here', link === here));
  }, {rootMargin: '-110px 0px -45% 0px'});
  links.forEach(link => observer.observe($(link.hash.slice(1))));
}
watchSections();

$('title').textContent = DATA.title;
$('footer').textContent = `Written by hico_mm ${DATA.version}. Maps are t-SNE of unit vectors: distances between groups mean little, neighbourhoods mean much.`;
state.clip = first();
drawRun();
drawCurves();
drawModels();
requestAnimationFrame(tick);
