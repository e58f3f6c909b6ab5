// Skeletons are stored as base64 of 16-bit integers, clip after clip. They are decoded when they are first shown.
const archives = DATA.sets.map((set, number) => {
  const {joints, channels} = set.skeleton, starts = [];
  let end = 0;
  for (const play of set.play) {
    starts.push(end);
    if (play) end += 4 * Math.ceil(2 * play[0] * play[1] * joints * channels / 3);
  }
  return {starts, text: null, decoded: new Map(), floors: new Map(), node: $(`skeletons-${number}`)};
});

function skeleton(clip) {
  const number = run().set, set = DATA.sets[number], archive = archives[number], play = set.play[clip];
  if (!play) return null;
  if (!archive.decoded.has(clip)) {
    archive.text = archive.text || archive.node.textContent;
    const size = play[0] * play[1] * set.skeleton.joints * set.skeleton.channels, start = archive.starts[clip];
    const bytes = atob(archive.text.slice(start, start + 4 * Math.ceil(2 * size / 3)));
    const view = new DataView(new ArrayBuffer(2 * size)), values = new Float32Array(size);
    for (let i = 0; i < 2 * size; i++) view.setUint8(i, bytes.charCodeAt(i));
    for (let i = 0; i < size; i++) {
      const whole = view.getInt16(2 * i, true);
      values[i] = whole === set.skeleton.absent ? NaN : whole / 32767 * play[2];
    }
    archive.decoded.set(clip, values);
    const heights = values.filter((value, i) => i % set.skeleton.channels === 1 && !Number.isNaN(value)).sort();
    archive.floors.set(clip, heights.length ? heights[Math.floor(heights.length / 100)] - .06 : -1);
  }
  return archive.decoded.get(clip);
}

// The pose of a person at a time in [0, 1]: x, y and depth of each joint, turned, in units of the radius of the clip.
function poseAt(clip, person, time, yaw, pitch) {
  const set = clips(), {joints, channels} = set.skeleton, [, frames] = set.play[clip], values = skeleton(clip);
  const exact = time * (frames - 1), frame = Math.min(Math.floor(exact), Math.max(frames - 2, 0)), part = exact - frame;
  const places = new Float32Array(3 * joints);
  const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
  for (let joint = 0; joint < joints; joint++) {
    const at = ((person * frames + frame) * joints + joint) * channels, next = frames > 1 ? at + joints * channels : at;
    const mix = channel => {
      const a = values[at + channel], b = values[next + channel];
      return Number.isNaN(a) || Number.isNaN(b) ? (part < .5 ? a : b) : a + (b - a) * part;
    };
    const x = mix(0), y = mix(1), z = channels > 2 ? mix(2) : 0;
    const turned = x * cy + z * sy, depth = z * cy - x * sy;
    places[3 * joint] = turned;
    places[3 * joint + 1] = y * cp + depth * sp;
    places[3 * joint + 2] = depth * cp - y * sp;
  }
  return places;
}

function drawClip(canvas, clip, {large = false, yaw = state.yaw, pitch = state.pitch} = {}) {
  const [context, width, height] = fit(canvas), set = clips();
  if (!set.play[clip]) {
    context.fillStyle = colours.soft;
    context.font = '12px system-ui, sans-serif';
    context.textAlign = 'center';
    context.fillText('not in this file', width / 2, height / 2);
    return;
  }
  const flat = set.skeleton.channels < 3, scale = Math.min(width, height) / 2 * (large ? .78 : .82);
  if (flat) yaw = pitch = 0;
  const project = (places, joint) => [width / 2 + scale * places[3 * joint], height / 2 - scale * places[3 * joint + 1]];
  skeleton(clip);
  if (large && !flat) drawFloor(context, width, height, scale, yaw, pitch, archives[run().set].floors.get(clip));
  context.lineCap = 'round';
  for (let person = 0; person < set.play[clip][0]; person++) {
    const places = poseAt(clip, person, state.at, yaw, pitch);
    context.setLineDash(person ? [large ? 7 : 3, large ? 7 : 4] : []);
    for (const [joint, parent, side] of set.skeleton.bones) {
      const [a, b] = [project(places, joint), project(places, parent)];
      if (Number.isNaN(a[0]) || Number.isNaN(b[0])) continue;
      context.strokeStyle = [colours.middle, colours['left-limb'], colours['right-limb']][side];
      context.lineWidth = (large ? 4 : 2) * clamp(1 - .3 * places[3 * joint + 2], .6, 1.5);
      context.beginPath();
      context.moveTo(...a);
      context.lineTo(...b);
      context.stroke();
    }
    context.setLineDash([]);
    if (!large) continue;
    context.fillStyle = colours.text;
    for (let joint = 0; joint < set.skeleton.joints; joint++) {
      const [x, y] = project(places, joint);
      if (Number.isNaN(x)) continue;
      context.beginPath();
      context.arc(x, y, 2.2, 0, 7);
      context.fill();
    }
  }
}

function drawFloor(context, width, height, scale, yaw, pitch, floor) {
  context.strokeStyle = colours.line;
  context.lineWidth = 1;
  const at = (x, z) => {
    const turned = x * Math.cos(yaw) + z * Math.sin(yaw), depth = z * Math.cos(yaw) - x * Math.sin(yaw);
    return [width / 2 + scale * turned, height / 2 - scale * (floor * Math.cos(pitch) + depth * Math.sin(pitch))];
  };
  context.beginPath();
  for (let step = -2; step <= 2; step++) {
    context.moveTo(...at(step * .4, -.8)); context.lineTo(...at(step * .4, .8));
    context.moveTo(...at(-.8, step * .4)); context.lineTo(...at(.8, step * .4));
  }
  context.stroke();
}

// One clock moves all players, so that clips move in step; only those on the screen are drawn.
const players = new Map();
const watcher = new IntersectionObserver(entries => {
  for (const entry of entries) if (players.has(entry.target)) players.get(entry.target).seen = entry.isIntersecting;
});
function player(clip, options = {}) {
  const canvas = el('canvas', {'aria-hidden': options.large ? null : 'true'});
  players.set(canvas, {clip, options, seen: true, drawn: false});
  watcher.observe(canvas);
  return canvas;
}
const SECONDS = 2.2;
let clock = 0, last = 0, still = '';
function tick(now) {
  if (state.playing && last) clock += (now - last) / 1000 * state.speed;
  last = now;
  if (state.playing) state.at = Math.min(clock / SECONDS % 1 * 1.12, 1);
  const view = `${state.at} ${state.yaw} ${state.pitch} ${colours.text}`;
  for (const [canvas, entry] of players) {
    if (!canvas.isConnected) {
      if (entry.drawn) { players.delete(canvas); watcher.unobserve(canvas); }
      continue;
    }
    if (!entry.seen || entry.drawn === view && canvas.width === Math.round(canvas.clientWidth * (window.devicePixelRatio || 1))) continue;
    drawClip(canvas, entry.clip, entry.options);
    entry.drawn = view;
  }
  if (still !== state.at && $('scrub')) $('scrub').value = still = state.at;
  requestAnimationFrame(tick);
}
const seek = at => { clock = at / 1.12 * SECONDS; state.at = at; };

// A clip as a button: moving, with its class, and what is right or wrong about it as a sign, a word and a border.
function card(clip, {wanted = null, note = ''} = {}) {
  const set = clips(), right = wanted === null ? null : set.label[clip] === wanted;
  const mark = right === null ? '' : right ? '✓ ' : '✗ ';
  return el('button', {
    class: `card ${right === null ? '' : right ? 'right' : 'wrong'}`, 'data-clip': clip, title: set.name[clip],
    'aria-label': `${set.name[clip]}, ${className(set.label[clip])}${right === null ? '' : right ? ', right' : ', wrong'}${note ? `, ${note}` : ''}`,
    'aria-current': clip === state.clip ? 'true' : null, onclick: event => choose(clip, event.currentTarget),
  }, player(clip), el('span', {class: right === null ? '' : right ? 'ok' : 'bad'}, mark + className(set.label[clip])),
  el('span', {class: 'soft'}, note || set.name[clip]));
}

// A list of moving clips under a heading; more are added on demand.
function strip(place, title, list, {total = list.length, note = clip => '', wanted = () => null, close = null} = {}) {
  const playable = clip => !!clips().play[clip];  // these come first; the order is kept otherwise
  list = [...list.filter(playable), ...list.filter(clip => !playable(clip))];
  const cards = el('div', {class: 'cards'}), more = el('button', {onclick: () => grow()}, '');
  let shown = 0;
  const grow = () => {
    const next = list.slice(shown, shown + (shown ? 36 : 22));
    cards.append(...next.map(clip => card(clip, {note: note(clip), wanted: wanted(clip)})));
    shown += next.length;
    more.hidden = shown >= list.length;
    more.textContent = `Show more (${count(list.length - shown, 'clip')})`;
  };
  grow();
  const lost = total - list.length;
  place.replaceChildren(el('div', {class: 'strip'}, el('div', {class: 'head'}, el('h3', {}, title),
    close ? el('button', {onclick: close}, 'Close') : null), cards,
    el('p', {style: 'margin: 10px 0 0'}, more), lost > 0 ? el('p', {class: 'soft'}, `${count(lost, 'further clip')} of this kind not in this file, which holds a sample of the data.`) : null));
}
