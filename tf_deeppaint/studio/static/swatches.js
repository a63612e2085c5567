// The value changes with the swatches, so that the palette sent is the palette shown.
element.addEventListener('input', () => {
  const codes = [...element.querySelectorAll('input')].map((swatch) => swatch.value);
  props.value = [0, 4, 8, 12].map((first) => codes.slice(first, first + 4));
  trigger('input');
});
