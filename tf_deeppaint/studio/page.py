"""The studio's page: what lies where, and what happens on a click."""

import functools
import html
from collections.abc import Callable

import gradio as gr
import numpy as np

from tf_deeppaint.painting.painting import LINES
from tf_deeppaint.palette.named_colors import color_code
from tf_deeppaint.studio import assets
from tf_deeppaint.studio.examples import PALETTES, Example
from tf_deeppaint.studio.sessions import (
    Codes,
    Desk,
    Upload,
    Work,
    from_codes,
    read_sketch,
    show,
    to_codes,
)
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.visualization.contact_sheets import draw_sheet

# Unfinished requests beyond these are turned away, work left alone so long is forgotten, and so
# many visitors' work is kept at most: 100 MB each where the sketch is of the largest size.
MOST_WAITING, KEPT_SECONDS, MOST_SESSIONS = 128, 3600, 8
_NAME_LENGTH = 80
_PEN = "#000000"
_CLICK = "() => document.querySelector('#{} a, #{}').click()"
_THUMBNAIL = 160


def build_page(desk: Desk) -> gr.Blocks:
    """Lays out the page of a desk; `server.serve` opens it."""
    with gr.Blocks(
        title="tf_deeppaint studio",
        analytics_enabled=False,
        fill_width=True,
        delete_cache=(60, KEPT_SECONDS),
    ) as page:
        _Page(desk)
    return page.queue(max_size=MOST_WAITING, default_concurrency_limit=1, api_open=False)


def theme() -> gr.themes.Base:
    """The theme of the page."""
    return gr.themes.Default(
        primary_hue=gr.themes.colors.indigo,
        neutral_hue=gr.themes.colors.slate,
        spacing_size=gr.themes.sizes.spacing_sm,
        text_size=gr.themes.sizes.text_sm,
        font=assets.FONTS,
        font_mono=("ui-monospace", "monospace"),
    ).set(layout_gap="12px")


class _Page:
    """The components of the page and what they do; made inside `gr.Blocks`."""

    def __init__(self, desk: Desk):
        self.desk = desk
        self.work = gr.State(None, time_to_live=KEPT_SECONDS)
        self.source = gr.State("file")
        gr.HTML(
            "<h1>Studio<span>Line art in the colors of a reference. "
            "What you put here stays on this machine.</span></h1>"
        )
        with gr.Row():
            with gr.Column(scale=6, min_width=330):
                self._lay_out_sketch()
                self._lay_out_examples()
            with gr.Column(scale=5, min_width=280):
                self._lay_out_colors()
            with gr.Column(scale=10, min_width=460):
                self._lay_out_picture()
        self._wire()

    # --- layout -----------------------------------------------------------------------------

    def _lay_out_sketch(self) -> None:
        gr.HTML("<h2>1 &nbsp;Sketch</h2>")
        with gr.Tabs() as self.tabs:
            with gr.Tab("File", id="file") as self.file_tab:
                self.sketch = gr.Image(
                    type="filepath",
                    sources=["upload", "clipboard"],
                    height=300,
                    buttons=[],
                    show_label=False,
                    elem_id="sketch",
                    placeholder="Drop a sketch, or click to choose one",
                )
            with gr.Tab("Draw", id="drawn") as self.drawn_tab:
                self.drawn = gr.ImageEditor(
                    type="filepath",
                    sources=(),
                    transforms=(),
                    layers=False,
                    canvas_size=(512, 512),
                    fixed_canvas=True,
                    brush=gr.Brush(default_size=4, colors=[_PEN], color_mode="fixed"),
                    eraser=gr.Eraser(default_size=16),
                    height=380,
                    buttons=[],
                    show_label=False,
                    placeholder="Choose the pen, then draw",
                    elem_id="drawn",
                )
        self.clean = gr.Checkbox(
            label="Clean it first",
            info="Makes a sketch of a scan, a photograph or pencil.",
            elem_id="clean",
        )

    def _lay_out_colors(self) -> None:
        gr.HTML("<h2>2 &nbsp;Colors</h2>")
        self.reference = gr.Image(
            type="filepath",
            sources=["upload", "clipboard"],
            height=150,
            buttons=[],
            show_label=False,
            elem_id="reference",
            placeholder="Drop a reference for its colors",
        )
        ready = [
            {"name": name, "colors": [color_code(c) for c in palette[:, :2].reshape(-1, 3)]}
            for name, palette in PALETTES.items()
        ]
        self.ready = gr.HTML(
            "",
            palettes=ready,
            html_template=assets.READY,
            css_template=assets.READY_CSS,
            js_on_load=assets.READY_JS,
            elem_id="ready",
        )
        gr.HTML("<h2>The palette<span>from top to bottom</span></h2>")
        self.swatches = gr.HTML(
            to_codes(next(iter(PALETTES.values()))),
            html_template=assets.SWATCHES,
            css_template=assets.SWATCHES_CSS,
            js_on_load=assets.SWATCHES_JS,
            elem_id="swatches",
        )
        self.color = gr.Button("Color", variant="primary", elem_id="color")

    def _lay_out_picture(self) -> None:
        gr.HTML("<h2>3 &nbsp;Picture</h2>")
        self.picture = gr.Image(
            type="filepath",
            format="png",
            interactive=False,
            height=500,
            buttons=["fullscreen"],
            show_label=False,
            elem_id="picture",
            placeholder="Here comes the picture",
        )
        with gr.Row():
            self.lines = gr.Radio(
                [("mine", LINES[0]), ("network", LINES[1])],
                value=LINES[0],
                label="Lines",
                elem_id="lines",
                min_width=150,
                scale=2,
            )
            self.gate = gr.Radio(
                [("none", 0), *((str(n), n) for n in range(1, self.desk.gates + 1))],
                value=0,
                label="Attention map, the deepest first",
                elem_id="gate",
                visible=self.desk.gates > 0,
                min_width=320,
                scale=5,
            )
        with gr.Row():
            self.save_picture = gr.Button("Download PNG", elem_id="save-picture")
            self.save_layers = gr.Button("Download layers (.ora)", elem_id="save-layers")
        # A click on these downloads what they hold; it is made when it is asked for.
        self.picture_file = gr.DownloadButton(visible="hidden", elem_id="picture-file")
        self.layers_file = gr.DownloadButton(visible="hidden", elem_id="layers-file")

    def _lay_out_examples(self) -> None:
        gr.HTML("<h2>Examples<span>click one</span></h2>")
        self.examples = gr.Gallery(
            [_draw_thumbnail(example) for example in self.desk.examples],
            format="png",
            columns=2,
            allow_preview=False,
            interactive=False,
            buttons=[],
            show_label=False,
            height="auto",
            object_fit="contain",
            elem_id="examples",
        )

    # --- events -----------------------------------------------------------------------------

    def _wire(self) -> None:
        seen, shown = [self.lines, self.gate], [self.work, self.picture]
        on = functools.partial(_on, concurrency_id="painter")
        self.file_tab.select(lambda: "file", None, self.source, api_visibility="private")
        self.drawn_tab.select(lambda: "drawn", None, self.source, api_visibility="private")
        on(self.sketch.upload, self._check, [self.sketch], [self.sketch])
        given = [self.source, self.sketch, self.drawn, self.clean, self.swatches, *seen]
        on(self.color.click, self._color, given, shown)
        on(
            self.reference.upload,
            self._take_reference,
            [self.reference, self.work, *seen],
            [self.reference, self.swatches, *shown],
        )
        on(
            self.ready.input,
            self._take_ready,
            [self.ready, self.work, *seen],
            [self.swatches, *shown],
        )
        # While a color is being picked changes come fast: the last one counts.
        on(
            self.swatches.input,
            self._recolor,
            [self.swatches, self.work, *seen],
            shown,
            trigger_mode="always_last",
            show_progress="hidden",
        )
        for choice in seen:
            on(choice.input, self._show, [self.work, *seen], shown)
        on(
            self.examples.select,
            self._take_example,
            seen,
            [self.tabs, self.source, self.sketch, self.reference, self.swatches, *shown],
        )
        for button, save, inputs, file in (
            (self.save_picture, self._save_picture, [self.work, self.lines], self.picture_file),
            (self.save_layers, self._save_layers, [self.work], self.layers_file),
        ):
            nothing = gr.update(value=None)  # or a click would download what was there before
            saved = on(button.click, save, inputs, [file], otherwise=nothing)
            saved.success(None, js=_CLICK.format(file.elem_id, file.elem_id))

    def _check(self, sketch: dict | None) -> object:
        """Says at once if a file is no sketch, and takes it off the page."""
        try:
            read_sketch(_upload(sketch), False)
        except DeepPaintError as error:
            _tell(error)
            return None
        return gr.skip()

    def _color(
        self,
        source: str,
        sketch: dict | None,
        drawn: dict | None,
        clean: bool,
        codes: Codes,
        lines: str,
        gate: int,
    ) -> tuple:
        pixels = read_sketch(_upload(drawn if source == "drawn" else sketch), clean)
        return self._show(self.desk.paint(pixels, from_codes(codes)), lines, gate)

    def _recolor(self, codes: Codes, work: Work | None, lines: str, gate: int) -> tuple:
        palette = from_codes(codes)
        return self._show(work and self.desk.recolor(work, palette), lines, gate)

    def _take_reference(self, reference: dict, work: Work | None, lines: str, gate: int) -> tuple:
        try:
            codes = to_codes(self.desk.palette_of(_upload(reference)))
        except DeepPaintError as error:
            _tell(error)
            return None, *(gr.skip(),) * 3
        return gr.skip(), codes, *self._recolor(codes, work, lines, gate)

    def _take_ready(self, name: str, work: Work | None, lines: str, gate: int) -> tuple:
        if not isinstance(name, str) or name not in PALETTES:
            raise DeepPaintError("there is no such palette")
        codes = to_codes(PALETTES[name])
        return codes, *self._recolor(codes, work, lines, gate)

    def _take_example(self, lines: str, gate: int, event: gr.SelectData) -> tuple:
        if event.index not in range(len(self.desk.examples)):
            raise DeepPaintError("there is no such example")
        sketch, reference = self.desk.save_example(event.index)
        codes = to_codes(self.desk.palette_of(Upload(reference, "reference")))
        work = self.desk.paint(self.desk.examples[event.index].sketch, from_codes(codes))
        tab = gr.Tabs(selected="file")
        return tab, "file", sketch, reference, codes, *self._show(work, lines, gate)

    def _show(self, work: Work | None, lines: str, gate: int) -> tuple:
        if work is None:
            return None, None
        work = self.desk.look_inside(work) if gate else work
        return work, show(work, lines, gate)

    def _save_picture(self, work: Work | None, lines: str) -> str:
        return self.desk.save_picture(_there(work), lines)

    def _save_layers(self, work: Work | None) -> str:
        return self.desk.save_layers(_there(work))


def _on(
    event: Callable, act: Callable, inputs: list, outputs: list, otherwise: object = None, **options
) -> object:
    """Binds an event to what it does; a visitor's mistake is one line on the page.

    Args:
        event: The event of a component.
        act: What it does; takes the inputs, and gives the outputs.
        inputs: Components, and State.
        outputs: Likewise.
        otherwise: What all outputs become after a mistake; by default they stay as they are.
        options: Of the event.
    """

    @functools.wraps(act)
    def told(*arguments):
        try:
            found = act(*arguments)
        except DeepPaintError as error:
            _tell(error)
            each = gr.skip() if otherwise is None else otherwise
            return each if len(outputs) == 1 else [each] * len(outputs)
        return list(found) if isinstance(found, tuple) else found

    options = {"show_progress": "minimal", "api_visibility": "private"} | options
    # Inputs come as they are sent: files undecoded; Gradio has checked that they were uploaded.
    return event(told, inputs, outputs, preprocess=False, **options)


def _tell(error: DeepPaintError) -> None:
    # Gradio would render what is in a file's name.
    gr.Warning(html.escape(str(error)), title="That did not work")


def _there(work: Work | None) -> Work:
    if work is None:
        raise DeepPaintError("there is no picture yet; press Color first")
    return work


def _upload(payload: dict | None) -> Upload | None:
    """The file that a component holds, as Gradio passes it on when told to leave it alone.

    Otherwise it would decode the file with Pillow, whatever its size.
    """
    file = payload
    if isinstance(payload, dict):
        file = payload.get("composite", payload)  # an editor's, or a file itself
    if not file:
        return None
    path, name = (
        file.get(key) if isinstance(file, dict) else None for key in ("path", "orig_name")
    )
    if not isinstance(path, str):
        raise DeepPaintError("that is no file; drop it again")
    return Upload(path, (name if isinstance(name, str) and name else "the sketch")[:_NAME_LENGTH])


def _draw_thumbnail(example: Example) -> np.ndarray:
    return draw_sheet([example], _THUMBNAIL)
