// Elements, formats, colours, and the state that all parts of the page share. Names from data only become text nodes.
const DATA = JSON.parse(document.getElementById('data').textContent);
const LEVELS = ['clip', 'part', 'temporal', 'spatial', 'instance'];
const PALETTE = ['#4c78c9', '#f28e2b', '#48a14d', '#d9504f', '#9b6fc0', '#1fa7a0', '#c9a227', '#e377b5', '#9c6b4e', '#7f8898'];
const $ = id => document.getElementById(id);

function el(tag, attributes = {}, ...children) {
  const node = tag === 'svg' || attributes.svg
    ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'svg' || value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else if (name === 'style') node.style.cssText = value;
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.filter(child => child !== null && child !== undefined));
  return node;
}

const percent = (value, digits = 1) => value === null || value === undefined ? 'not known' : `${(100 * value).toFixed(digits)} %`;
const count = (number, word, plural = `${word}s`) => `${number.toLocaleString('en')} ${number === 1 ? word : plural}`;
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
let colours = {};
function readColours() {
  const style = getComputedStyle(document.documentElement);
  for (const name of ['back', 'card', 'text', 'soft', 'line', 'faint', 'accent', 'right', 'wrong', 'left-limb', 'right-limb', 'middle'])
    colours[name] = style.getPropertyValue(`--${name}`).trim();
}
readColours();

const listeners = [];
const state = {
  run: 0, other: -1, answers: 'knn', colour: 'class', split: 'all', hidden: new Set(), query: '', lasso: null, clip: -1,
  hover: -1, names: true, tool: 'move', playing: !matchMedia('(prefers-reduced-motion: reduce)').matches, speed: 1,
  at: 0, yaw: 0.35, pitch: 0.12,
};
const run = () => DATA.runs[state.run];
const clips = () => DATA.sets[run().set];
function change(values) {
  const before = {...state};
  Object.assign(state, values);
  const changed = new Set(Object.keys(values).filter(key => before[key] !== state[key]));
  for (const [keys, listener] of listeners) if (keys.some(key => changed.has(key))) listener(changed);
}
const when = (keys, listener) => listeners.push([keys.split(' '), listener]);

const className = label => label < 0 ? 'no label' : clips().classes[label];
const predictions = page => (page || run()).predictions[state.answers] || (page || run()).predictions.knn;
const isRight = (clip, page) => clips().label[clip] >= 0 && predictions(page)[clip] === clips().label[clip];
const result = page => (page || run()).results.find(one => one.key === state.answers) || (page || run()).results[0];

// The categories of the chosen colouring: names, and the category of each clip.
function categories() {
  const set = clips(), number = set.name.length;
  const by = values => {
    const names = [...new Set(values)].sort((a, b) => a.localeCompare(b, 'en', {numeric: true}));
    const places = new Map(names.map((name, place) => [name, place]));
    return {names, of: values.map(value => places.get(value))};
  };
  const named = labels => {
    const used = set.classes.map((name, label) => label).filter(label => labels.includes(label));
    if (labels.some(label => label < 0)) used.push(-1);
    const places = new Map(used.map((label, place) => [label, place]));
    return {names: used.map(className), of: labels.map(label => places.get(label)), numbers: used};
  };
  if (state.colour === 'predicted') return named(predictions());
  if (state.colour === 'split') return {names: set.splits.map((name, place) => `${name} (${place ? 'test' : 'training'})`), of: set.test};
  if (state.colour === 'subject') return by(set.subject);
  if (state.colour === 'camera') return by(set.camera);
  if (state.colour === 'right') return {names: ['right', 'wrong', 'no label'].slice(0, set.label.some(label => label < 0) ? 3 : 2),
    of: Array.from({length: number}, (_, clip) => set.label[clip] < 0 ? 2 : isRight(clip) ? 0 : 1), marks: true};
  return named(set.label);
}
let grouping = null;
function groups() { return grouping || (grouping = categories()); }
function colourOf(category) {
  const {numbers, marks} = groups();
  if (marks) return [colours.right, colours.wrong, colours.soft][category];
  return numbers && numbers[category] < 0 ? colours.soft : PALETTE[(numbers ? numbers[category] : category) % PALETTE.length];
}
const shapeOf = category => groups().marks ? [0, 4, 3][category] : (groups().numbers ? Math.max(groups().numbers[category], 0) : category) % 7;

// A clip passes the legend, the choice of split and the search; the lasso is separate, since it only dims.
function passes(clip) {
  const set = clips();
  if (state.hidden.has(groups().of[clip])) return false;
  if (state.split !== 'all' && set.test[clip] !== (state.split === 'test' ? 1 : 0)) return false;
  if (!state.query) return true;
  const query = state.query.toLowerCase();
  return set.name[clip].toLowerCase().includes(query) || className(set.label[clip]).toLowerCase().includes(query);
}
const isPicked = clip => passes(clip) && (!state.lasso || state.lasso.has(clip));

function fit(canvas) {
  const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
  }
  const context = canvas.getContext('2d');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return [context, width, height];
}
