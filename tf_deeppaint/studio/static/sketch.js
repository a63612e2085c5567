const find = (selector) => element.querySelector(selector);
const NAMES = ['source', 'file', 'drawn', 'clean', 'recolor', 'gap'];
const value = { source: 'file', file: null, drawn: null, clean: 'auto', recolor: false, gap: 'auto' };

function send(event, more = {}) {
  props.value = { ...value, ...more };
  trigger(event);
}

async function put(file, name) {
  const { path } = await upload(file);
  return { path, orig_name: name };
}

async function take(file) {
  choose('file');
  field.show(URL.createObjectURL(file), file.name);
  studio.begin('sketch', 'Reading the sketch', null, false);
  studio.tell('stale', true);
  try {
    value.file = await put(file, file.name);
    send('upload');
  } catch (error) {
    field.empty();
    studio.end('sketch');
    studio.say('sketch', `${file.name}: ${error.message ?? error}`, 'error');
  }
}

function clear() {
  value.file = null;
  find('.advice').hidden = true;
  studio.say('sketch', '');
  studio.tell('stale', true);
  send('upload');
}

const field = studio.dropField(find('#pane-file'), take, clear);
const pad = makePad(find('#pane-drawn'), () => {
  const wasNew = value.drawn === null;
  value.drawn = null;
  if (!wasNew) send('upload');
  studio.tell('stale', true);
});

function choose(source) {
  value.source = source;
  if (source === 'drawn') find('.advice').hidden = true;
  for (const name of ['file', 'drawn']) {
    const tab = find(`#tab-${name}`);
    tab.setAttribute('aria-selected', name === source);
    tab.tabIndex = name === source ? 0 : -1;
    find(`#pane-${name}`).hidden = name !== source;
  }
}

function show() {
  choose(value.source);
  find(`[name=clean][value=${value.clean}]`).checked = true;
  find('[name=recolor]').checked = value.recolor;
  find('[name=gap]').value = value.gap;
}

element.addEventListener('click', (event) => {
  const tab = event.target.closest('[role=tab]');
  if (tab && tab.getAttribute('aria-selected') !== 'true') {
    choose(tab.id.replace('tab-', ''));
    if (value[value.source] || field.isFull()) send('upload');
  }
  if (event.target.closest('.advice')) {
    find('.advice').hidden = true;
    value.recolor = find('[name=recolor]').checked = true;
    studio.begin('sketch', 'Taking the lines out');
    send('input');
  }
  const example = event.target.closest('[data-example]');
  if (example && !studio.isBusy(example)) {
    studio.begin('sketch', 'Coloring the example', example);
    send('select', { example: Number(example.dataset.example) });
    studio.tell('to-picture');
  }
});
find('.tabs').addEventListener('keydown', (event) => {
  if (!event.key.startsWith('Arrow')) return;
  event.preventDefault();
  const other = find('[role=tab][aria-selected=false]');
  other.click();
  other.focus();
});
find('.reading').addEventListener('change', () => {
  value.clean = find('[name=clean]:checked').value;
  value.recolor = find('[name=recolor]').checked;
  value.gap = find('[name=gap]').value;
  if (!value[value.source]) return;
  studio.begin('sketch', 'Reading the sketch again');
  send('input');
});

// Before anything is painted, a drawing is sent. False: there is none yet.
studio.sendDrawing = async () => {
  if (value.source !== 'drawn') return true;
  if (pad.isEmpty()) {
    studio.say('sketch', 'There is nothing drawn yet: draw something first.', 'error');
    return false;
  }
  value.drawn ??= await put(await pad.file(), 'drawing.png');
  props.value = { ...value };
  return true;
};
// Undo and redo of strokes, where the pad is what was used last.
studio.undoDrawing = (name) => {
  if (value.source !== 'drawn' || !element.contains(document.activeElement)) return false;
  pad.act(name);
  return true;
};

watch('value', () => {
  const told = props.value;
  for (const name of NAMES) if (name in told) value[name] = told[name];
  if (told.gone) {
    value.file = null;
    field.empty();
  }
  if (told.preview && value.source === 'file') field.show(told.preview.url, value.file?.orig_name ?? '');
  if ('painted' in told) find('.advice').hidden = !told.painted || value.recolor;
  show();
  props.value = { ...value }; // what other events send along
});
