// Accuracies with intervals, classes, and the confusion matrix.
function interval(one) {
  const at = value => `${100 * value}%`;
  return el('div', {class: 'interval', role: 'img', 'aria-label': `${percent(one.value)}, 95 % interval ${percent(one.low)} to ${percent(one.high)}`},
    el('div', {class: 'fill', style: `width: ${at(one.value || 0)}`}), el('div', {class: 'range', style: `left: ${at(one.low)}; width: ${at(one.high - one.low)}`}),
    el('div', {class: 'at', style: `left: ${at(one.value || 0)}`}));
}

function drawSummary() {
  const set = clips(), rows = [];
  const add = (name, how, one, base) => rows.push(el('tr', {class: base ? 'base' : ''}, el('td', {}, name), el('td', {class: 'soft hide'}, how),
    el('td', {class: 'value'}, percent(one.value)), el('td', {class: 'soft hide'}, `${percent(one.low).slice(0, -2)} to ${percent(one.high)}`), el('td', {class: 'soft hide'}, percent(one.mean_class)), el('td', {class: 'plot'}, interval(one))));
  DATA.runs.forEach(page => page.set === run().set && page.results.forEach(one =>
    add(DATA.runs.length > 1 ? `${page.name}: ${one.name}` : one.name, one.key === 'knn' ? 'label of the nearest training clip' : one.how, one)));
  set.baselines.forEach(one => add(one.name, 'baseline', one, true));
  $('results').replaceChildren(el('table', {class: 'results'}, el('thead', {}, el('tr', {}, el('th', {}, 'Accuracy on the test split'), el('th', {class: 'hide'}, 'How'), el('th', {}, 'Top-1'),
    el('th', {class: 'hide'}, '95 % Wilson interval'), el('th', {class: 'hide'}, 'Class mean'), el('th', {class: 'plot'}, '0 to 100 %, with the interval'))), el('tbody', {}, ...rows)));
  $('about').textContent = `${count(set.gallery, 'training clip')} (${set.splits[0]}), ${count(set.total - set.gallery, 'test clip')} (${set.splits[1]}), ${count(new Set(set.label.filter(label => label >= 0)).size, 'class', 'classes')}, from ${[...new Set(set.files)].join(', ')}. Intervals are 95 % Wilson intervals over test clips.`;
  const few = set.total > set.name.length ? [`The map and the lists show ${count(set.name.length, 'clip')} of ${set.total.toLocaleString('en')}: test clips drawn at random, each with its neighbours. Accuracies are of all clips.`] : [];
  const still = set.play.filter(play => !play).length;
  if (still) few.push(`${count(still, 'clip')} on the map cannot be played, so that the file stays small. Use --max-mb to include more.`);
  $('notes').replaceChildren(...[...few, ...run().notes].map(text => el('p', {class: 'note'}, text)));
}

const order = {classes: 'hard', matrix: 'data'};
function sorted(way) {
  const one = result(), value = label => one.classes[label].value ?? 2, guessed = new Set(one.confusion.map(cell => cell[1]));
  const list = clips().classes.map((name, label) => label).filter(label => one.classes[label].total || guessed.has(label));
  if (way === 'hard') list.sort((a, b) => value(a) - value(b));
  if (way === 'name') list.sort((a, b) => className(a).localeCompare(className(b), 'en', {numeric: true}));
  if (way === 'size') list.sort((a, b) => one.classes[b].total - one.classes[a].total);
  return list;
}
function orderTool(place, key, redraw) {
  $(place).replaceChildren(el('label', {}, 'Order', el('select', {'data-order': key, onchange: event => { order[key] = event.target.value; redraw(); }},
    ...[['data', 'as in the data'], ['hard', 'hardest first'], ['size', 'most clips first'], ['name', 'by name']].map(([value, text]) => el('option', {value, selected: order[key] === value}, text)))),
  el('span', {class: 'soft'}, `Predictions: ${result().name}`));
}

const testClips = keep => clips().name.map((_, clip) => clip).filter(clip => clips().test[clip] && keep(clip));
const predictionNote = clip => `${isRight(clip) ? '✓' : '✗'} as ${className(predictions()[clip])}`;

function drawClasses() {
  const one = result();
  $('classes-about').textContent = `Test clips of each class that ${one.key === 'knn' ? 'the nearest training clip' : 'the classifier'} names right, with 95 % Wilson intervals. Press a class to see its clips, wrong ones first.`;
  $('classes-list').replaceChildren(el('div', {class: 'rows'}, ...sorted(order.classes).filter(label => one.classes[label].total).map(label => {
    const share = one.classes[label];
    return el('button', {class: 'rowline', 'data-label': label, title: className(label), onclick: () => showClass(label)}, el('span', {class: 'what'}, className(label)), interval(share),
      el('span', {class: 'num'}, el('b', {}, percent(share.value, 0)), ` ${share.correct} of ${share.total}`));
  })));
}
function showClass(label) {
  const list = testClips(clip => clips().label[clip] === label).sort((a, b) => isRight(a) - isRight(b));
  strip($('classes-clips'), `Test clips of “${className(label)}”`, list, {total: result().classes[label].total, note: predictionNote, close: () => $('classes-clips').replaceChildren()});
  $('classes-clips').scrollIntoView({block: 'nearest'});
}

function drawMatrix() {
  const set = clips(), one = result(), labels = sorted(order.matrix), number = labels.length, all = set.classes.length, cells = new Map();
  for (const [a, b, times] of one.confusion) cells.set(a * all + b, times);
  const size = number <= 12 ? 40 : number <= 30 ? 26 : number <= 70 ? 15 : 10;
  const table = el('table', {class: 'matrix', role: 'grid', style: `--cell: ${size}px`, 'aria-label': 'Confusion matrix. Arrow keys move, Enter shows the clips.'});
  const short = label => el('span', {title: className(label)}, className(label));
  table.append(el('thead', {}, el('tr', {}, el('th', {class: 'side'}, 'true ↓  predicted →'), ...labels.map(label => el('th', {class: 'top', scope: 'col'}, short(label))))));
  const body = el('tbody');
  labels.forEach((label, row) => {
    const total = one.classes[label].total, line = el('tr', {}, el('th', {class: 'side', scope: 'row', title: className(label)}, className(label)));
    labels.forEach((guess, column) => {
      const times = cells.get(label * all + guess) || 0, share = total ? times / total : 0;
      const text = `${count(times, 'clip')} of ${total} of “${className(label)}” predicted as “${className(guess)}”`;
      line.append(el('td', {class: label === guess ? 'diagonal' : '', tabindex: row + column ? -1 : 0, 'data-true': label, 'data-guess': guess, 'data-row': row, 'data-column': column, title: text, 'aria-label': text,
        style: times ? `background: rgb(var(--heat), ${(.1 + .85 * share).toFixed(3)});${share > (isDark() ? .7 : .5) ? 'color: var(--card)' : ''}` : ''}, size > 20 && times ? String(times) : ''));
    });
    body.append(line);
  });
  table.append(body);
  const open = cell => { if (cell) showCell(+cell.dataset.true, +cell.dataset.guess); };
  table.addEventListener('click', event => open(event.target.closest('td')));
  table.addEventListener('keydown', event => {
    const cell = event.target.closest('td'), step = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]}[event.key];
    if (!cell) return;
    if (step) {
      const next = body.rows[+cell.dataset.row + step[0]]?.cells[+cell.dataset.column + step[1] + 1];
      if (next?.tagName === 'TD') { cell.tabIndex = -1; next.tabIndex = 0; next.focus(); }
    } else if (event.key === 'Enter' || event.key === ' ') open(cell);
    else return;
    event.preventDefault();
  });
  $('matrix').replaceChildren(table);
  drawHardest(one);
}

function drawHardest(one) {
  const wrong = one.confusion.filter(([a, b]) => a !== b).sort((a, b) => b[2] - a[2] || b[2] / one.classes[b[0]].total - a[2] / one.classes[a[0]].total).slice(0, 12);
  $('hardest').replaceChildren(el('h3', {}, 'Hardest confusions'), ...wrong.map(([a, b, times]) => el('button', {class: 'rowline', style: 'grid-template-columns: 1fr 108px', 'data-hardest': `${a} ${b}`, onclick: () => showCell(a, b)},
    el('span', {class: 'what', title: `${className(a)} → ${className(b)}`}, `${className(a)} → ${className(b)}`), el('span', {class: 'num'}, el('b', {}, String(times)), ` of ${one.classes[a].total}`))));
  if (!wrong.length) $('hardest').append(el('p', {class: 'soft'}, 'No test clip is confused with another class.'));
}
function showCell(label, guess) {
  const one = result(), times = (one.confusion.find(([a, b]) => a === label && b === guess) || [0, 0, 0])[2];
  $('matrix').querySelectorAll('td.chosen').forEach(cell => cell.classList.remove('chosen'));
  $('matrix').querySelector(`td[data-true="${label}"][data-guess="${guess}"]`)?.classList.add('chosen');
  const list = testClips(clip => clips().label[clip] === label && predictions()[clip] === guess);
  const how = label === guess ? `“${className(label)}”, predicted right` : `“${className(label)}” predicted as “${className(guess)}”`;
  strip($('confusions-clips'), `${count(times, 'test clip')} of ${how}`, list, {total: times, close: () => $('confusions-clips').replaceChildren()});
  $('confusions-clips').scrollIntoView({block: 'nearest'});
}
