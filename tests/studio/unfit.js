// What is wrong of what people with other eyes and hands need, as a list of words.
const shown = (e) => e.checkVisibility({opacityProperty: true}) && e.getBoundingClientRect().width > 1;
const name = (e) => (e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent.trim()
  || e.querySelector('img')?.alt || '').trim();
const what = (e) => `${e.tagName} ${e.className} ${name(e).slice(0, 30)}`;
const level = (c) => { c /= 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
const light = ([r, g, b]) => 0.2126 * level(r) + 0.7152 * level(g) + 0.0722 * level(b);
const parse = (text) => text.match(/[\d.]+/g).map(Number);
const ground = (e) => {
  for (; e; e = e.parentElement) {
    const color = parse(getComputedStyle(e).backgroundColor);
    if (color.length < 4 || color[3] > 0.99) return color;
  }
  return [255, 255, 255];
};
const found = [];
for (const e of document.querySelectorAll('#desk button, #desk input, #desk select, #desk summary')) {
  if (!shown(e) && !e.closest('.drop, .button')) continue;
  if (!name(e)) found.push(`no name: ${what(e)}`);
  const box = (e.closest('.drop, .button, label') ?? e).getBoundingClientRect();
  if (box.width && Math.min(box.width, box.height) < 24) found.push(`small: ${what(e)}`);
}
for (const e of document.querySelectorAll('img')) {
  if (shown(e) && !e.alt) found.push(`no words for a picture: ${e.className}`);
}
const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (texts.nextNode()) {
  const e = texts.currentNode.parentElement;
  if (!texts.currentNode.textContent.trim() || !shown(e)) continue;
  if (e.closest('[aria-disabled=true], style, script')) continue;
  const [one, other] = [light(parse(getComputedStyle(e).color)), light(ground(e))];
  const ratio = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
  if (ratio < 4.5) found.push(`${ratio.toFixed(1)} : 1: ${what(e)}`);
}
return found;
