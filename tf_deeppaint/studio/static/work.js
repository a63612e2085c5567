// The key of this tab's work: a reload keeps it, a new tab has its own (a duplicated one shares it).
const NAME = 'studio-work';
let key = sessionStorage.getItem(NAME);
const isKnown = key !== null;
if (!/^[0-9a-f]{32}$/.test(key ?? '')) {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  key = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  sessionStorage.setItem(NAME, key);
}
// What is set while the page is being built is lost.
setTimeout(() => {
  props.value = key;
  if (isKnown) studio.begin('sketch', 'Bringing back what was here');
  trigger('input');
});
