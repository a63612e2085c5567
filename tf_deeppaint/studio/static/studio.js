// What all components share: messages beside what caused them, files, and what is pointed at.
const studio = window.studio ??= (() => {
  const SHOWN_AFTER = 300; // milliseconds
  const tasks = new Map();

  const find = (selector) => document.querySelector(selector);

  function say(place, text, kind = 'note') {
    const line = find(`#${place} .note`);
    if (!line) return;
    line.textContent = text;
    line.dataset.kind = text ? kind : '';
  }

  // Something is under way at a place: told there, with the seconds, from SHOWN_AFTER on.
  function begin(place, text, button, paints = true) {
    end(place);
    const began = Date.now();
    const task = { button, paints };
    say(place, '');
    button?.setAttribute('aria-disabled', 'true');
    task.timer = setTimeout(() => {
      const line = find(`#${place} .note`);
      line.dataset.kind = 'busy';
      line.innerHTML = '<span></span> <span aria-hidden="true"></span>';
      line.firstChild.textContent = `${text} …`;
      const tick = () => {
        line.lastChild.textContent = `${Math.floor((Date.now() - began) / 1000)} s`;
      };
      tick();
      task.ticking = setInterval(tick, 1000);
      if (paints) find('#easel')?.classList.add('working');
    }, SHOWN_AFTER);
    tasks.set(place, task);
  }

  function end(place) {
    const task = tasks.get(place);
    if (!task) return;
    tasks.delete(place);
    clearTimeout(task.timer);
    clearInterval(task.ticking);
    task.button?.removeAttribute('aria-disabled');
    if (find(`#${place} .note`)?.dataset.kind === 'busy') say(place, '');
    if (![...tasks.values()].some((other) => other.paints)) {
      find('#easel')?.classList.remove('working');
    }
  }

  const isBusy = (button) => button.getAttribute('aria-disabled') === 'true';
  const tell = (name, detail) => document.dispatchEvent(new CustomEvent(`studio:${name}`, { detail }));
  const hear = (name, act) => document.addEventListener(`studio:${name}`, (e) => act(e.detail));

  // A field that takes one picture: chosen, dropped or pasted.
  function dropField(root, take, clear) {
    const [input, image] = [root.querySelector('input[type=file]'), root.querySelector('img')];
    const remove = root.querySelector('.remove');
    const field = {
      show(url, name) {
        image.src = url;
        image.alt = `${root.dataset.what}: ${name}`;
        root.classList.add('full');
      },
      empty() {
        image.removeAttribute('src');
        image.alt = '';
        root.classList.remove('full');
      },
      isFull: () => root.classList.contains('full'),
      take,
    };
    const takeFirst = (files) => {
      const file = [...files].find((f) => f.size);
      if (file) take(file);
    };
    input.addEventListener('change', () => {
      takeFirst(input.files);
      input.value = '';
    });
    for (const kind of ['dragenter', 'dragover']) {
      root.addEventListener(kind, (event) => {
        event.preventDefault();
        root.classList.add('over');
      });
    }
    for (const kind of ['dragleave', 'drop']) {
      root.addEventListener(kind, () => root.classList.remove('over'));
    }
    root.addEventListener('drop', (event) => {
      event.preventDefault();
      takeFirst(event.dataTransfer.files);
    });
    remove.addEventListener('click', () => {
      field.empty();
      input.focus();
      clear();
    });
    for (const kind of ['pointerenter', 'focusin']) {
      root.addEventListener(kind, () => { pasted = field; });
    }
    pasted ??= field;
    return field;
  }
  let pasted = null;
  document.addEventListener('paste', (event) => {
    const file = [...(event.clipboardData?.files ?? [])].find((f) => f.type.startsWith('image/'));
    if (file && pasted) pasted.take(file);
  });

  // What Gradio itself says went wrong ends what is waited for.
  new MutationObserver((changes) => {
    const isToast = (node) => node.nodeType === 1 && node.querySelector('[data-testid=toast-text]');
    if (changes.some((c) => [...c.addedNodes].some(isToast))) [...tasks.keys()].forEach(end);
  }).observe(document.body, { childList: true, subtree: true });

  return { say, begin, end, isBusy, tell, hear, dropField, find };
})();
