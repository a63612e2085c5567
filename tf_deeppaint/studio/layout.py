"""The layout of the studio's page: its theme and its components."""

from importlib import resources

import gradio as gr

from tf_deeppaint.painting.painting import LINE_COLORS, LINES, PAPERS
from tf_deeppaint.palette.named_colors import color_code
from tf_deeppaint.studio.examples import PALETTES, Example
from tf_deeppaint.studio.sessions import palette_to_codes
from tf_deeppaint.visualization.contact_sheets import draw_sheet

# A visitor's state is forgotten after this many seconds without a request.
SESSION_SECONDS = 3600
# Fonts of the visitor's machine: none is downloaded.
_FONTS = ("system-ui", "Segoe UI", "Roboto", "Helvetica Neue", "Noto Sans", "sans-serif")
_PEN = "#000000"
# Side of an example's sketch and reference in the gallery, in pixels.
_THUMBNAIL = 160


def read_static(name: str) -> str:
    """Reads a text file of `static/`."""
    return resources.files(__package__).joinpath("static", name).read_text(encoding="utf-8")


def make_theme() -> gr.themes.Base:
    return gr.themes.Default(
        primary_hue="indigo",
        neutral_hue="slate",
        spacing_size="sm",
        text_size="sm",
        font=_FONTS,
        font_mono=("ui-monospace", "monospace"),
    ).set(layout_gap="12px")


class Layout:
    """The components of the page, in three columns; create it inside `gr.Blocks`.

    Args:
        examples: Shown in the gallery.
        attention_maps: How many attention maps the model has.
    """

    def __init__(self, examples: list[Example], attention_maps: int):
        self.state = gr.State(None, time_to_live=SESSION_SECONDS)
        self.sketch_source = gr.State("file")
        gr.HTML(
            "<h1>Studio<span>Line art in the colors of a reference. "
            "What you put here stays on this machine.</span></h1>"
        )
        with gr.Row():
            with gr.Column(scale=6, min_width=330):
                self._add_sketch()
                self._add_examples(examples)
            with gr.Column(scale=5, min_width=280):
                self._add_colors()
            with gr.Column(scale=10, min_width=460):
                self._add_picture(attention_maps)
        # Which picture of a state is shown, and where.
        self.look = [self.line_color, self.paper]
        self.view = [self.lines, self.attention, *self.look]
        self.shown = [self.state, self.picture]

    def _add_sketch(self) -> None:
        gr.HTML("<h2>1 &nbsp;Sketch</h2>")
        with gr.Tabs() as self.tabs:
            with gr.Tab("File", id="file") as self.file_tab:
                self.sketch = _add_upload("sketch", 300, "Drop a sketch, or click to choose one")
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
        self.clean = gr.Radio(
            [("if it is one", "auto"), ("always", "on"), ("never", "off")],
            value="auto",
            label="Clean it first",
            info="Makes a sketch of a scan, a photograph, pencil, or light lines on dark paper.",
            elem_id="clean",
        )
        self.recolor = gr.Checkbox(
            label="Recolor",
            info="Takes the lines out of a picture that is colored already.",
            elem_id="recolor",
        )

    def _add_examples(self, examples: list[Example]) -> None:
        gr.HTML("<h2>Examples<span>click one</span></h2>")
        self.examples = gr.Gallery(
            [draw_sheet([example], _THUMBNAIL) for example in examples],
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

    def _add_colors(self) -> None:
        gr.HTML("<h2>2 &nbsp;Colors</h2>")
        self.reference = _add_upload("reference", 150, "Drop a reference for its colors")
        palettes = [
            {"name": name, "colors": [color_code(c) for c in palette[:, :2].reshape(-1, 3)]}
            for name, palette in PALETTES.items()
        ]
        self.ready_palettes = _add_html("ready_palettes", "", palettes=palettes)
        gr.HTML("<h2>The palette<span>from top to bottom</span></h2>")
        self.swatches = _add_html("swatches", palette_to_codes(next(iter(PALETTES.values()))))
        self.color = gr.Button("Color", variant="primary", elem_id="color")

    def _add_picture(self, attention_maps: int) -> None:
        gr.HTML("<h2>3 &nbsp;Picture</h2>")
        self.picture = gr.Image(
            type="filepath",
            format="png",
            interactive=False,
            height=500,
            buttons=["fullscreen"],
            show_label=False,
            elem_id="picture",
            placeholder="The picture will be here",
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
            self.attention = gr.Radio(
                [("none", 0), *((str(n), n) for n in range(1, attention_maps + 1))],
                value=0,
                label="Attention map, the deepest first",
                elem_id="attention",
                visible=attention_maps > 0,
                min_width=320,
                scale=5,
            )
        with gr.Row():
            self.line_color = _add_choice(
                "Color of my lines", [("as in the sketch", LINE_COLORS[0]), *LINE_COLORS[1:]]
            )
            self.paper = _add_choice("Paper", [("as in the sketch", PAPERS[0]), *PAPERS[1:]])
        with gr.Row():
            self.save_picture = gr.Button("Download PNG", elem_id="save-picture")
            self.save_layers = gr.Button("Download layers (.ora)", elem_id="save-layers")
        # Hidden: they hold the files that the buttons above have made, and a script clicks them.
        self.picture_file = gr.DownloadButton(visible="hidden", elem_id="picture-file")
        self.layers_file = gr.DownloadButton(visible="hidden", elem_id="layers-file")


def _add_choice(label: str, choices: list[str | tuple[str, str]]) -> gr.Dropdown:
    """A field to choose one of some words, the first at first, or to write a color into."""
    return gr.Dropdown(
        choices,
        value=choices[0][1],
        allow_custom_value=True,
        label=label,
        info="or a color, #rrggbb",
        elem_id=label.split()[0].lower() + "-choice",
        min_width=150,
    )


def _add_upload(name: str, height: int, placeholder: str) -> gr.Image:
    """A field for one picture, from a file or the clipboard."""
    return gr.Image(
        type="filepath",
        sources=["upload", "clipboard"],
        height=height,
        buttons=[],
        show_label=False,
        elem_id=name,
        placeholder=placeholder,
    )


def _add_html(name: str, value: object, **properties) -> gr.HTML:
    """A component of ours: its template, style sheet and script lie in `static/`."""
    return gr.HTML(
        value,
        html_template=read_static(f"{name}.html"),
        css_template=read_static(f"{name}.css"),
        js_on_load=read_static(f"{name}.js"),
        elem_id=name.replace("_", "-"),
        **properties,
    )
