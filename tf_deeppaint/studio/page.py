"""The events of the studio's page: what happens when a visitor clicks, drops or picks something."""

import functools
import html
from collections.abc import Callable

import gradio as gr

from tf_deeppaint.studio.examples import PALETTES
from tf_deeppaint.studio.layout import SESSION_SECONDS, Layout
from tf_deeppaint.studio.sessions import (
    Codes,
    Sessions,
    State,
    Upload,
    codes_to_palette,
    palette_to_codes,
    read_sketch,
    render,
)
from tf_deeppaint.utils.errors import DeepPaintError

# Requests beyond this many unfinished ones are refused.
MAX_WAITING = 128
_MAX_NAME_LENGTH = 80
# Seconds between two searches for files older than `SESSION_SECONDS`.
_CLEANING_SECONDS = 60
_CLICK_SCRIPT = "() => document.querySelector('#{0} a, #{0}').click()"


def build_page(sessions: Sessions) -> gr.Blocks:
    """Builds the page; `server.serve` opens it."""
    cleaning = (_CLEANING_SECONDS, SESSION_SECONDS)
    options = {"analytics_enabled": False, "fill_width": True, "delete_cache": cleaning}
    with gr.Blocks(title="tf_deeppaint studio", **options) as page:
        layout, handlers = Layout(sessions.examples, sessions.attention_maps), Handlers(sessions)
        _connect_sketches(layout, handlers)
        _connect_colors(layout, handlers)
        _connect_saving(layout, handlers)
    return page.queue(max_size=MAX_WAITING, default_concurrency_limit=1, api_open=False)


class Handlers:
    """What each event of the page does.

    Each method takes the values of an event's inputs, as the browser sent them, and returns those
    of its outputs. `view` is what `sessions.render` takes beside the state, and `look` the color of
    lines and the paper in it. All raise DeepPaintError where a visitor made a mistake.
    """

    def __init__(self, sessions: Sessions):
        self.sessions = sessions

    def check_sketch(self, sketch: dict | None) -> object:
        """Tells at once what kind of page a file is; takes it off the page if it is none."""
        try:
            _, note = read_sketch(to_upload(sketch), "auto")
        except DeepPaintError as error:
            _warn(error)
            return None
        if note:
            gr.Info(html.escape(note), title="The sketch")
        return gr.skip()

    def color(
        self,
        source: str,
        sketch: dict | None,
        drawn: dict | None,
        clean: str,
        recolor: bool,
        codes: Codes,
        *view,
    ) -> tuple:
        upload = to_upload(drawn if source == "drawn" else sketch)
        pixels, _ = read_sketch(upload, clean, recolor is True)
        state = self.sessions.paint(pixels, codes_to_palette(codes))
        return self.show(state, *view)

    def recolor(self, codes: Codes, state: State | None, *view) -> tuple:
        palette = codes_to_palette(codes)
        return self.show(state and self.sessions.recolor(state, palette), *view)

    def take_reference(self, reference: dict, state: State | None, *view) -> tuple:
        """Shows the palette of a reference, and the picture in it."""
        try:
            codes = palette_to_codes(self.sessions.palette_of(to_upload(reference)))
        except DeepPaintError as error:
            _warn(error)
            return None, *(gr.skip(),) * 3
        return gr.skip(), codes, *self.recolor(codes, state, *view)

    def take_ready_palette(self, name: str, state: State | None, *view) -> tuple:
        if not isinstance(name, str) or name not in PALETTES:
            raise DeepPaintError("there is no such palette")
        codes = palette_to_codes(PALETTES[name])
        return codes, *self.recolor(codes, state, *view)

    def take_example(
        self, lines: str, attention: int, line_color: str, paper: str, event: gr.SelectData
    ) -> tuple:
        """Puts an example's files on the page and paints it."""
        if event.index not in range(len(self.sessions.examples)):
            raise DeepPaintError("there is no such example")
        sketch, reference = self.sessions.write_example(event.index)
        palette = self.sessions.palette_of(Upload(reference, "reference"))
        state = self.sessions.paint(self.sessions.examples[event.index].sketch, palette)
        shown = self.show(state, lines, attention, line_color, paper)
        tabs = gr.Tabs(selected="file")
        return tabs, "file", sketch, reference, palette_to_codes(palette), *shown

    def show(self, state: State | None, lines: str, attention: int, *look: str) -> tuple:
        """The state, with attention maps where one is shown, and the picture of it."""
        if state is None:
            return None, None
        state = self.sessions.with_attention(state) if attention else state
        return state, render(state, lines, attention, *look)

    def save_picture(self, state: State | None, lines: str, *look: str) -> str:
        return self.sessions.write_picture(_check_painted(state), lines, *look)

    def save_layers(self, state: State | None, *look: str) -> str:
        return self.sessions.write_layers(_check_painted(state), *look)


def _connect_sketches(layout: Layout, handlers: Handlers) -> None:
    """Connects what brings a sketch: files, drawing, examples; and the button that colors it."""
    for tab, source in ((layout.file_tab, "file"), (layout.drawn_tab, "drawn")):
        tab.select(
            lambda source=source: source, None, layout.sketch_source, api_visibility="private"
        )
    _connect(layout.sketch.upload, handlers.check_sketch, [layout.sketch], [layout.sketch])
    sketches = [layout.sketch_source, layout.sketch, layout.drawn, layout.clean, layout.recolor]
    _connect(
        layout.color.click,
        handlers.color,
        [*sketches, layout.swatches, *layout.view],
        layout.shown,
    )
    files = [layout.sketch, layout.reference]
    _connect(
        layout.examples.select,
        handlers.take_example,
        layout.view,
        [layout.tabs, layout.sketch_source, *files, layout.swatches, *layout.shown],
    )


def _connect_colors(layout: Layout, handlers: Handlers) -> None:
    """Connects what changes the colors, and the choice of what is shown."""
    _connect(
        layout.reference.upload,
        handlers.take_reference,
        [layout.reference, layout.state, *layout.view],
        [layout.reference, layout.swatches, *layout.shown],
    )
    _connect(
        layout.ready_palettes.input,
        handlers.take_ready_palette,
        [layout.ready_palettes, layout.state, *layout.view],
        [layout.swatches, *layout.shown],
    )
    # A color picker sends many changes while it is open: of those that wait the last one counts.
    _connect(
        layout.swatches.input,
        handlers.recolor,
        [layout.swatches, layout.state, *layout.view],
        layout.shown,
        trigger_mode="always_last",
        show_progress="hidden",
    )
    for choice in layout.view:
        _connect(choice.input, handlers.show, [layout.state, *layout.view], layout.shown)


def _connect_saving(layout: Layout, handlers: Handlers) -> None:
    """Connects the buttons that save: a file is written, then a click on its link downloads it."""
    saving = (
        (
            layout.save_picture,
            handlers.save_picture,
            layout.picture_file,
            [layout.lines, *layout.look],
        ),
        (layout.save_layers, handlers.save_layers, layout.layers_file, layout.look),
    )
    for button, handler, file, choices in saving:
        # After a mistake the file is removed, or the click would download the one before.
        no_file = gr.update(value=None)
        saved = _connect(
            button.click, handler, [layout.state, *choices], [file], after_error=no_file
        )
        saved.success(None, js=_CLICK_SCRIPT.format(file.elem_id))


def _connect(
    event: Callable,
    handler: Callable,
    inputs: list,
    outputs: list,
    after_error: object = None,
    **options,
) -> object:
    """Connects an event to a handler; a DeepPaintError becomes one line on the page.

    After an error all outputs become `after_error`; by default they stay as they are.
    """

    @functools.wraps(handler)
    def handle(*values):
        try:
            results = handler(*values)
        except DeepPaintError as error:
            _warn(error)
            result = gr.skip() if after_error is None else after_error
            return result if len(outputs) == 1 else [result] * len(outputs)
        return list(results) if isinstance(results, tuple) else results

    # Events of one id are handled one after another.
    options = {
        "show_progress": "minimal",
        "api_visibility": "private",
        "concurrency_id": "painter",
    } | options
    # Without preprocessing files come undecoded; Gradio has checked that they were uploaded.
    return event(handle, inputs, outputs, preprocess=False, **options)


def to_upload(payload: dict | None) -> Upload | None:
    """The file that a component holds, from what the browser sent; None where it holds none.

    Raises:
        DeepPaintError: the payload is no file.
    """
    if isinstance(payload, dict):
        payload = payload.get("composite", payload)  # of an editor; else the file itself
    if not payload:
        return None
    path = payload.get("path") if isinstance(payload, dict) else None
    if not isinstance(path, str):
        raise DeepPaintError("that is no file; drop it again")
    name = payload.get("orig_name")
    name = name if isinstance(name, str) and name else "the sketch"
    return Upload(path, name[:_MAX_NAME_LENGTH])


def _check_painted(state: State | None) -> State:
    if state is None:
        raise DeepPaintError("there is no picture yet; press Color first")
    return state


def _warn(error: DeepPaintError) -> None:
    # Gradio shows HTML, and a file's name may hold some.
    gr.Warning(html.escape(str(error)), title="That did not work")
