const find = (selector) => element.querySelector(selector);
let files = [];

studio.hear('painted', (is) => {
  element.querySelectorAll('[data-kind]').forEach((button) => {
    if (button.dataset.busy === undefined) button.setAttribute('aria-disabled', !is);
  });
});
element.querySelectorAll('[data-kind]').forEach((button) => button.setAttribute('aria-disabled', true));

find('.buttons').addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button || studio.isBusy(button)) return;
  studio.begin('saving', `Writing ${button.textContent}`, button, false);
  props.value = { kind: button.dataset.kind };
  trigger('input');
});

find('.several input').addEventListener('change', (event) => {
  files = [...event.target.files].slice(0, Number(props.most));
  find('ul').replaceChildren(...files.map((file) => {
    const item = document.createElement('li');
    item.textContent = file.name;
    return item;
  }));
  find('.all').setAttribute('aria-disabled', !files.length);
});
find('.all').addEventListener('click', async (event) => {
  if (studio.isBusy(event.currentTarget)) return;
  studio.begin('saving', `Coloring ${files.length} sketches`, event.currentTarget, false);
  try {
    const sent = [];
    for (const file of files) sent.push({ path: (await upload(file)).path, orig_name: file.name });
    props.value = { files: sent };
    trigger('submit');
  } catch (error) {
    studio.end('saving');
    studio.say('saving', String(error.message ?? error), 'error');
  }
});

watch('value', () => {
  if (!props.value.file) return;
  const link = document.createElement('a');
  link.href = props.value.file.url;
  link.download = props.value.name;
  document.body.append(link);
  link.click();
  link.remove();
});
