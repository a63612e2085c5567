// The key of this tab's work: a reload keeps it, a new tab has its own.
const NAME = 'studio-work';
const newKey = () => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
};
let key = sessionStorage.getItem(NAME);
const isKnown = /^[0-9a-f]{32}$/.test(key ?? '');
if (!isKnown) sessionStorage.setItem(NAME, key = newKey());
// A duplicated tab begins with the key of the other, which says so; then it begins anew.
const tab = (studio.tab ??= newKey());
const tabs = new BroadcastChannel(NAME);
tabs.onmessage = ({ data }) => {
  if (data.asked === key && data.by !== tab) tabs.postMessage({ taken: key, to: data.by });
  if (data.taken !== key || data.to !== tab) return;
  sessionStorage.setItem(NAME, newKey());
  location.reload();
};
tabs.postMessage({ asked: key, by: tab });
// What is set while the page is being built is lost.
setTimeout(() => {
  props.value = key;
  if (isKnown) studio.begin('sketch', 'Bringing back what was here');
  trigger('input');
});
