const find = (selector) => element.querySelector(selector);
const [stage, sheet, after, glow] = ['.stage', '.sheet', '.after', '.glow'].map(find);
const MOST_ZOOM = 12;
const OUTLINE = 4; // pixels of the screen
const LINE = 8; // half of the widest line, in pixels of the map
let view = {}; // what the server told last
let map = null; // which slot and region each pixel has, and its size
let region = null; // the chosen place: x, y in pixels of the sketch, and its number
let camera = { zoom: 1, x: 0, y: 0 };
let under = 0; // the region under the pointer
const cross = { x: 0.5, y: 0.5 }; // of the keyboard, parts of the picture
const can = () => view.picture && !view.stale;

function order(more, text) {
  if (!can()) return;
  studio.begin('easel', text);
  props.value = more;
  trigger('input');
}

// === What is shown ===
function show() {
  find('.empty').hidden = Boolean(view.picture);
  sheet.hidden = !view.picture;
  stage.classList.toggle('stale', Boolean(view.stale && view.picture));
  for (const name of ['undo', 'redo']) {
    find(`[data-do=${name}]`).setAttribute('aria-disabled', !(view[name] && !view.stale));
  }
  find('.status').textContent = view.status ?? '';
  const hints = view.hints ?? [];
  find('.hints').hidden = !hints.length;
  const list = find('.hints ul');
  list.replaceChildren(...hints.map((hint, number) => {
    const item = document.createElement('li');
    item.innerHTML = '<i></i><code></code> <span></span> <button type="button">Remove</button>';
    const [swatch, code, words, button] = item.children;
    swatch.style.background = hint.color;
    code.textContent = hint.color;
    words.textContent = `at ${hint.at.join(', ')}${hint.everywhere ? ', everything of its color' : ''}`;
    button.setAttribute('aria-label', `Remove the hint ${hint.color} at ${hint.at.join(', ')}`);
    button.dataset.number = number;
    return item;
  }));
  if (view.stale) close();
  studio.tell('painted', can());
}

function place() {
  if (!view.width) return;
  const fit = Math.min(stage.clientWidth / view.width, stage.clientHeight / view.height);
  const [width, height] = [view.width * fit, view.height * fit];
  camera.zoom = Math.min(MOST_ZOOM, Math.max(1, camera.zoom));
  for (const [axis, side, room] of [['x', width, stage.clientWidth], ['y', height, stage.clientHeight]]) {
    const spare = room - side * camera.zoom;
    camera[axis] = spare > 0 ? spare / 2 : Math.min(0, Math.max(spare, camera[axis]));
  }
  Object.assign(sheet.style, { width: `${width}px`, height: `${height}px` });
  sheet.style.transform = `translate(${camera.x}px, ${camera.y}px) scale(${camera.zoom})`;
  sheet.style.setProperty('--zoom', camera.zoom);
  find('.zoom').textContent = `${Math.round(100 * camera.zoom)} %`;
  stage.classList.toggle('zoomed', camera.zoom > 1);
}

// What stays in place when a button zooms: the chosen region, or the middle of what is seen.
function middle() {
  if (!region) return [];
  const part = camera.zoom * sheet.clientWidth / view.width;
  return [camera.x + region.x * part, camera.y + region.y * part];
}

function zoom(factor, x = stage.clientWidth / 2, y = stage.clientHeight / 2) {
  const before = camera.zoom;
  camera.zoom = Math.min(MOST_ZOOM, Math.max(1, before * factor));
  camera.x = x - (x - camera.x) * camera.zoom / before;
  camera.y = y - (y - camera.y) * camera.zoom / before;
  place();
  if (region) unlight();
}

async function load(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const paper = canvas.getContext('2d', { willReadFrequently: true });
  paper.drawImage(image, 0, 0);
  const { data } = paper.getImageData(0, 0, canvas.width, canvas.height);
  const count = canvas.width * canvas.height;
  const loaded = { width: canvas.width, height: canvas.height, slots: new Uint8Array(count), regions: new Uint16Array(count) };
  for (let i = 0; i < count; i++) {
    loaded.slots[i] = data[4 * i];
    loaded.regions[i] = (data[4 * i + 1] << 8) | data[4 * i + 2];
  }
  return loaded;
}

// === What is pointed at ===
// A band inside the edge of what is lit and a white one outside it, so that it is seen on any color.
function outline(colors, isLit) {
  const wide = OUTLINE * map.width / (sheet.clientWidth * camera.zoom || 1);
  const [dark, light] = [wide, wide / 2].map((part) => Math.max(1, Math.round(part)));
  const isBeside = (i, step, is) => [-step, step, -step * map.width, step * map.width]
    .some((way) => isLit(i + way) === is);
  for (let i = 0; i < colors.length; i++) {
    if (isLit(i)) {
      if (isBeside(i, dark, false)) colors[i] = 0xffff4d3d;
    } else if (isBeside(i, light, true)) colors[i] = 0xffffffff;
  }
}

function paint(isLit, isOutline) {
  if (!map) return;
  [glow.width, glow.height] = [map.width, map.height];
  const paper = glow.getContext('2d');
  const image = paper.createImageData(map.width, map.height);
  const colors = new Uint32Array(image.data.buffer);
  if (isOutline) outline(colors, isLit);
  else for (let i = 0; i < colors.length; i++) if (!isLit(i)) colors[i] = 0xd0ffffff;
  paper.putImageData(image, 0, 0);
}

function unlight() {
  glow.width = glow.width;
  if (region) paint((i) => map.regions[i] === region.number, true);
}

studio.hear('slot', (slot) => {
  if (!map || !can()) return;
  if (slot === null) return unlight();
  const code = studio.codes[slot];
  const same = new Set(studio.codes.flatMap((other, i) => (other === code ? [i] : [])));
  paint((i) => same.has(map.slots[i]), false);
});

function indexAt(x, y) {
  return Math.min(map.height - 1, Math.floor(y * map.height)) * map.width + Math.min(map.width - 1, Math.floor(x * map.width));
}

function pointAt(event) {
  const box = sheet.getBoundingClientRect();
  const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  return x >= 0 && x < 1 && y >= 0 && y < 1 ? { x, y } : null;
}

function look(point) {
  const number = point && map && can() ? map.regions[indexAt(point.x, point.y)] : 0;
  if (number === under) return;
  under = number;
  unlight();
  if (!number) return studio.tell('pointed', null);
  if (!region) paint((i) => map.regions[i] === number, true);
  studio.tell('pointed', studio.codes[map.slots[indexAt(point.x, point.y)]] ?? null);
}

// The point itself, or on a line the nearest one in a region; null in wide black.
function besideLine(point) {
  if (map.regions[indexAt(point.x, point.y)]) return point;
  let [best, least] = [null, Infinity];
  for (let down = -LINE; down <= LINE; down++) {
    for (let right = -LINE; right <= LINE; right++) {
      const at = { x: point.x + right / map.width, y: point.y + down / map.height };
      const away = right ** 2 + down ** 2;
      if (away >= least || at.x < 0 || at.y < 0 || at.x >= 1 || at.y >= 1) continue;
      if (map.regions[indexAt(at.x, at.y)]) [best, least] = [at, away];
    }
  }
  return best;
}

function choose(point) {
  if (!point || !can()) return;
  if (!map) return studio.say('easel', 'This model paints no single regions.', 'error');
  const at = besideLine(point);
  if (!at) return studio.say('easel', 'There is no region here, only black: click beside it.', 'error');
  const number = map.regions[indexAt(at.x, at.y)];
  region = { x: Math.floor(at.x * view.width), y: Math.floor(at.y * view.height), number };
  find('.choice').hidden = false;
  unlight();
}

function close() {
  region = null;
  find('.choice').hidden = true;
  if (map) unlight();
}

// === The chosen region's color ===
studio.hear('codes', (codes) => {
  find('.choice .row').replaceChildren(...[...new Set([...codes, '#ffffff'])].map((code) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.dataset.code = code;
    button.style.background = code;
    button.title = code;
    button.setAttribute('aria-label', `Color ${code}`);
    return button;
  }));
});
const give = (color) => order(
  { kind: 'hint', x: region.x, y: region.y, color, everywhere: find('.everywhere').checked },
  'Changing the region',
);
find('.choice').addEventListener('click', (event) => {
  const code = event.target.closest('[data-code]')?.dataset.code;
  if (code) give(code);
  if (event.target.closest('.close')) {
    close();
    stage.focus();
  }
});
find('.any input').addEventListener('change', (event) => give(event.target.value));
find('.hints').addEventListener('click', (event) => {
  const number = event.target.closest('button')?.dataset.number;
  if (number !== undefined) order({ kind: 'remove', number: Number(number) }, 'Removing the hint');
});

// === Tools, pointers and keys ===
const acts = {
  undo: () => order({ kind: 'undo' }, 'Undoing'),
  redo: () => order({ kind: 'redo' }, 'Redoing'),
  in: () => zoom(1.5, ...middle()),
  out: () => zoom(1 / 1.5, ...middle()),
  fit() { zoom(1 / camera.zoom); },
  compare() {
    const slider = find('.slider');
    slider.hidden = !slider.hidden;
    find('[data-do=compare]').setAttribute('aria-pressed', !slider.hidden);
    split();
  },
};
function split() {
  const isOpen = !find('.slider').hidden;
  after.style.clipPath = isOpen ? `inset(0 0 0 ${find('.slider input').value}%)` : '';
  sheet.classList.toggle('split', isOpen);
  sheet.style.setProperty('--split', `${find('.slider input').value}%`);
}
find('.slider input').addEventListener('input', split);
find('.tools').addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (button && !studio.isBusy(button)) acts[button.dataset.do]();
});
const pointers = new Map();
let moved = 0;
stage.addEventListener('pointerdown', (event) => {
  if (event.button) return;
  pointers.set(event.pointerId, event);
  moved = 0;
});
stage.addEventListener('pointermove', (event) => {
  const before = pointers.get(event.pointerId);
  if (!before) return look(pointAt(event));
  const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
  const box = stage.getBoundingClientRect();
  if (pointers.size === 2) {
    const other = [...pointers.values()].find((p) => p.pointerId !== event.pointerId);
    const length = (p) => Math.hypot(p.clientX - other.clientX, p.clientY - other.clientY);
    const [x, y] = [(event.clientX + other.clientX) / 2, (event.clientY + other.clientY) / 2];
    zoom(length(event) / Math.max(1, length(before)), x - box.left, y - box.top);
  } else if (camera.zoom > 1) {
    camera.x += dx;
    camera.y += dy;
    place();
  }
  moved += Math.abs(dx) + Math.abs(dy);
  pointers.set(event.pointerId, event);
  if (moved > 4) stage.setPointerCapture(event.pointerId);
});
stage.addEventListener('pointerup', (event) => {
  const was = pointers.delete(event.pointerId);
  if (was && moved <= 4 && !pointers.size) choose(pointAt(event));
});
stage.addEventListener('pointercancel', (event) => pointers.delete(event.pointerId));
stage.addEventListener('pointerleave', () => look(null));
stage.addEventListener('wheel', (event) => {
  if (!event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  const box = stage.getBoundingClientRect();
  zoom(Math.exp(-event.deltaY / 200), event.clientX - box.left, event.clientY - box.top);
}, { passive: false });
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
stage.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || !view.picture) return;
  const name = { '+': 'in', '=': 'in', '-': 'out', 0: 'fit', c: 'compare' }[event.key];
  const arrow = ARROWS[event.key];
  if (name) acts[name]();
  else if (arrow) {
    const step = event.shiftKey ? 0.004 : 0.02;
    cross.x = Math.min(0.999, Math.max(0, cross.x + step * arrow[0]));
    cross.y = Math.min(0.999, Math.max(0, cross.y + step * arrow[1]));
    Object.assign(find('.cross').style, { left: `${100 * cross.x}%`, top: `${100 * cross.y}%` });
    find('.cross').hidden = false;
    look(cross);
  } else if (event.key === 'Enter') {
    choose(cross);
    find('.choice [data-code]')?.focus();
  } else return;
  event.preventDefault();
});
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && region) {
    close();
    stage.focus();
  }
  if (!(event.ctrlKey || event.metaKey) || event.target.matches('input[type=text], textarea')) return;
  const key = event.key.toLowerCase();
  const name = key === 'y' || (key === 'z' && event.shiftKey) ? 'redo' : key === 'z' ? 'undo' : null;
  if (!name) return;
  event.preventDefault();
  if (!studio.undoDrawing(name) && view[name]) acts[name]();
});
new ResizeObserver(place).observe(stage);

// A new picture is scrolled to where it is out of sight.
studio.hear('to-picture', () => {
  if (window.innerWidth < 1000) find('h2').scrollIntoView({ block: 'start', behavior: 'smooth' });
});
studio.hear('stale', (is) => {
  if (!view.picture) return;
  view = { ...view, stale: is };
  show();
});

watch('value', async () => {
  const told = props.value;
  if (told.serial <= (view.serial ?? 0)) return;
  const shape = `${view.width}x${view.height}`;
  view = { ...view, ...told };
  if (told.picture) {
    after.src = told.picture.url;
    find('.before').src = told.before.url;
    if (`${view.width}x${view.height}` !== shape) {
      camera = { zoom: 1, x: 0, y: 0 };
      close();
    }
    if ('map' in told) map = told.map && await load(told.map.url);
    under = 0;
  }
  show();
  place();
  if (map) unlight();
});
