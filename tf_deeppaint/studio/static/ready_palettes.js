element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  props.value = button.dataset.name;
  trigger('input');
});
