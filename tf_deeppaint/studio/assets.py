"""How the studio looks: its theme and style sheet, and the parts that Gradio has not."""

# Fonts of the machine: nothing is fetched from elsewhere.
FONTS = ("system-ui", "Segoe UI", "Roboto", "Helvetica Neue", "Noto Sans", "sans-serif")

CSS = """
.gradio-container { max-width: 1440px !important; margin: 0 auto; padding: 0 !important; }
.gradio-container > .main { padding: 12px 20px !important; }
.gradio-container .html-container { padding: 0; }
.gradio-container .prose h1 { font-size: 1.4rem; font-weight: 650; margin: 0; }
.gradio-container .prose h2 { font-size: 0.95rem; font-weight: 650; margin: 0; }
.gradio-container .prose :is(h1, h2) span { margin-left: 0.6em; font-size: 0.9rem;
  font-weight: 400; color: var(--body-text-color-subdued); }
#lines .wrap, #gate .wrap { gap: 4px; }
#lines label, #gate label { padding: 4px 10px; }
#lines label.selected, #gate label.selected { color: white;
  background: var(--button-primary-background-fill); }
:is(#lines, #gate) label:has(input:focus-visible) { outline: 2px solid var(--color-accent); }
:is(#lines, #gate) input { position: absolute; opacity: 0; }
:is(#lines, #gate) label span { margin: 0; }
#examples { border: 0; }
#examples .grid-wrap { padding: 0; height: auto; min-height: 0; max-height: none;
  overflow: hidden; }
#examples .grid-container { gap: 8px; padding: 0; }
#examples .thumbnail-item { aspect-ratio: 2; background: white; cursor: pointer; }
"""

SWATCHES = """
<div class="swatches" role="group" aria-label="The palette: a row a band, from the top">
{{#each value}}{{#each this}}<input type="color" value="{{this}}" title="{{this}}"
  aria-label="Color {{this}}">{{/each}}{{/each}}
</div>
"""
SWATCHES_CSS = """
.swatches { display: grid; grid-template-columns: repeat(4, 1fr); gap: 5px; line-height: 0; }
.swatches input { appearance: none; width: 100%; height: 34px; margin: 0; padding: 0;
  border: 1px solid var(--border-color-primary); border-radius: 6px; background: none;
  cursor: pointer; }
.swatches input:hover, .swatches input:focus-visible {
  outline: 2px solid var(--color-accent); outline-offset: 1px; }
.swatches input::-webkit-color-swatch-wrapper { padding: 0; }
.swatches input::-webkit-color-swatch { border: 0; border-radius: 5px; }
.swatches input::-moz-color-swatch { border: 0; border-radius: 5px; }
"""
# The value follows the swatches at once, so that what is sent and what is drawn agree.
SWATCHES_JS = """
element.addEventListener('input', () => {
  const codes = [...element.querySelectorAll('input')].map((swatch) => swatch.value);
  props.value = [0, 4, 8, 12].map((first) => codes.slice(first, first + 4));
  trigger('input');
});
"""

READY = """
<div class="ready" role="group" aria-label="Ready palettes">
{{#each palettes}}<button type="button" data-name="{{name}}" title="Use the palette {{name}}">
  <span class="strip">{{#each colors}}<i style="background: {{this}}"></i>{{/each}}</span>
  {{name}}</button>{{/each}}
</div>
"""
READY_CSS = """
.ready { display: grid; grid-template-columns: repeat(3, 1fr); gap: 6px; }
.ready button { margin: 0; padding: 4px 4px 3px; border: 1px solid var(--border-color-primary);
  border-radius: 6px; background: var(--background-fill-primary); color: var(--body-text-color);
  font-size: 0.75rem; line-height: 1.2; cursor: pointer; }
.ready button:hover, .ready button:focus-visible { border-color: var(--color-accent); }
.ready .strip { display: flex; height: 14px; margin-bottom: 3px; border-radius: 3px;
  overflow: hidden; }
.ready .strip i { flex: 1; }
"""
READY_JS = """
element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  props.value = button.dataset.name;
  trigger('input');
});
"""
