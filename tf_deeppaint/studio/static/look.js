const find = (selector) => element.querySelector(selector);
find('.attention').hidden = element.querySelectorAll('[name=attention]').length < 2;
find('[name=attention]').checked = true;
element.addEventListener('change', () => {
  const look = {
    lines: find('[name=lines]:checked').value,
    attention: Number(find('[name=attention]:checked').value),
  };
  for (const name of ['line_color', 'paper']) {
    const color = find(`[data-of=${name}]`);
    look[name] = find(`[name=${name}]`).value || color.value;
    color.hidden = find(`[name=${name}]`).value !== '';
  }
  props.value = look;
  studio.begin('look', 'Drawing the picture');
  trigger('input');
});
