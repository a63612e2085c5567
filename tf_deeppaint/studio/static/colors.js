const find = (selector) => element.querySelector(selector);

async function take(file) {
  field.show(URL.createObjectURL(file), file.name);
  studio.begin('colors', 'Reading the colors');
  try {
    const { path } = await upload(file);
    props.value = { file: { path, orig_name: file.name } };
    trigger('upload');
  } catch (error) {
    field.empty();
    studio.end('colors');
    studio.say('colors', `${file.name}: ${error.message ?? error}`, 'error');
  }
}

const field = studio.dropField(find('.drop'), take, () => studio.say('colors', ''));

find('.ready').addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  field.empty();
  props.value = { name: button.dataset.name };
  studio.begin('colors', 'Changing the colors');
  trigger('select');
});

find('#color').addEventListener('click', async (event) => {
  const button = event.currentTarget;
  if (studio.isBusy(button)) return;
  studio.begin('colors', 'Painting', button);
  try {
    if (!(await studio.sendDrawing())) {
      studio.end('colors');
      return;
    }
  } catch (error) {
    studio.end('colors');
    studio.say('colors', String(error.message ?? error), 'error');
    return;
  }
  trigger('submit');
  studio.tell('to-picture');
});

watch('value', () => {
  if (props.value.gone) field.empty();
  if (props.value.preview) field.show(props.value.preview.url, 'of the example');
});
