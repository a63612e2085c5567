const find = (selector) => element.querySelector(selector);
const BANDS = ['top', 'upper middle', 'lower middle', 'bottom'];
const ABOUT = find('.about').textContent;
const grid = find('.grid');
let { codes, locks } = props.value;

const codeOf = (number) => codes[number >> 2][number & 3];
const nameOf = (number) =>
  `band ${1 + (number >> 2)} (${BANDS[number >> 2]}), rank ${1 + (number & 3)}, ${codeOf(number)}`;

for (let number = 0; number < 16; number++) {
  const cell = document.createElement('span');
  cell.className = 'cell';
  cell.innerHTML = '<input type="color"><button type="button" class="lock"></button>';
  cell.dataset.number = number;
  grid.append(cell);
}

let pointed = null;
function describe() {
  find('.about').textContent = pointed === null ? ABOUT : `Shown in the picture: ${nameOf(pointed)}.`;
}

function show() {
  [...grid.children].forEach((cell, number) => {
    const [swatch, lock] = cell.children;
    swatch.value = codeOf(number);
    swatch.setAttribute('aria-label', `Color: ${nameOf(number)}`);
    swatch.title = nameOf(number);
    cell.style.setProperty('--code', codeOf(number));
    lock.setAttribute('aria-pressed', locks[number]);
    lock.setAttribute('aria-label', `Keep ${nameOf(number)}`);
    lock.title = locks[number] ? 'Locked: stays when another palette comes' : 'Lock this color';
    cell.classList.toggle('locked', locks[number]);
  });
  find('.unlock').hidden = !locks.some(Boolean);
  describe();
  studio.codes = codes.flat();
  studio.tell('codes', studio.codes);
}

// The value changes with the swatches, so that the palette sent is the palette shown.
function send(event, more = {}) {
  props.value = { codes, locks, ...more };
  if (event) trigger(event);
}

grid.addEventListener('input', (event) => {
  const number = Number(event.target.parentElement.dataset.number);
  codes = codes.map((row) => [...row]);
  codes[number >> 2][number & 3] = event.target.value;
  locks = locks.map((is, i) => is || i === number);
  show();
  studio.begin('swatches', 'Changing the color');
  send('input', { changed: number });
});
element.addEventListener('click', (event) => {
  const lock = event.target.closest('.lock');
  if (lock) locks = locks.map((is, i) => (i === Number(lock.parentElement.dataset.number) ? !is : is));
  else if (event.target.closest('.unlock')) locks = locks.map(() => false);
  else return;
  show();
  send();
});

// What is pointed at shows its color in the picture, and the other way round.
const point = (number) => {
  pointed = number;
  describe();
  studio.tell('slot', number);
};
for (const [kind, is] of [['pointerover', true], ['focusin', true], ['pointerout', false], ['focusout', false]]) {
  grid.addEventListener(kind, (event) => {
    const cell = event.target.closest('.cell');
    if (cell) point(is ? Number(cell.dataset.number) : null);
  });
}
studio.hear('pointed', (code) => {
  const number = studio.codes.indexOf(code);
  [...grid.children].forEach((cell, i) => cell.classList.toggle('lit', i === number));
  find('.about').textContent = number < 0 ? ABOUT : `Under the pointer: ${nameOf(number)}.`;
});

find('.import').addEventListener('change', async (event) => {
  const file = event.target.files[0];
  event.target.value = '';
  if (!file) return;
  studio.begin('swatches', 'Reading the palette');
  try {
    const { path } = await upload(file);
    send('upload', { file: { path, orig_name: file.name } });
  } catch (error) {
    studio.end('swatches');
    studio.say('swatches', `${file.name}: ${error.message ?? error}`, 'error');
  }
});
find('.export').addEventListener('change', (event) => {
  const kind = event.target.value;
  event.target.value = '';
  studio.begin('swatches', 'Writing the palette', null, false);
  send('select', { kind });
});

watch('value', () => {
  if (!props.value.codes) return;
  ({ codes, locks = locks } = props.value);
  show();
});
show();
