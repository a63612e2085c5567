"""The layout of the studio's page: its components, each of its own files in `static/`."""

import base64
import itertools
from importlib import resources

import gradio as gr

from tf_deeppaint.images.encoding import encode_png
from tf_deeppaint.palette.named_colors import MOST, color_code
from tf_deeppaint.studio.examples import PALETTES, Example
from tf_deeppaint.studio.sessions import palette_to_codes
from tf_deeppaint.studio.work.handlers import MAX_SKETCHES
from tf_deeppaint.visualization.contact_sheets import draw_sheet

# Fonts of the visitor's machine: none is downloaded.
_FONTS = ("system-ui", "Segoe UI", "Roboto", "Helvetica Neue", "Noto Sans", "sans-serif")
# Side of an example's sketch and reference in the gallery, in pixels.
_THUMBNAIL = 160


def read_static(name: str) -> str:
    """Reads a text file of `static/`."""
    return resources.files(__package__).joinpath("static", name).read_text(encoding="utf-8")


def make_theme() -> gr.themes.Base:
    return gr.themes.Default(font=_FONTS, font_mono=("ui-monospace", "monospace"))


class Layout:
    """The components of the page; create it inside `gr.Blocks`.

    What visitors see is HTML of ours. A component's value is what the browser sends with an event,
    and afterwards what the server answers; `static/` shows which.

    Args:
        examples: Shown beside the sketch.
        attention_maps: How many attention maps the model has.

    Attributes:
        outputs: What an event can change, by name.
    """

    def __init__(self, examples: list[Example], attention_maps: int):
        self._serials = itertools.count(1)
        _add_html("head", None)
        with gr.Row(elem_id="desk"):
            self.sketch = _add_html("sketch", {}, "pad", examples=_list_examples(examples))
            self.colors = _add_html("colors", {}, palettes=_list_palettes())
            codes = palette_to_codes(next(iter(PALETTES.values())))
            self.easel = _add_html("easel", {})
            self.swatches = _add_html("swatches", {"codes": codes, "locks": [False] * MOST})
            with gr.Column(elem_id="below", min_width=0):
                maps = [{"name": "none", "value": 0}]
                maps += [{"name": n, "value": n} for n in range(1, attention_maps + 1)]
                self.saving = _add_html("saving", {}, most=MAX_SKETCHES)
                self.look = _add_html("look", {}, maps=maps)
        self.messages = _add_html("messages", {})
        self.work = _add_html("work", "")
        self.outputs = {
            "sketch": self.sketch,
            "colors": self.colors,
            "swatches": self.swatches,
            "easel": self.easel,
            "saving": self.saving,
            "messages": self.messages,
        }

    def message(self, place: str, text: str, kind: str) -> dict:
        """The value of `messages`: a line at a component; empty: what was there is taken away."""
        return {"serial": next(self._serials), "place": place, "text": text, "kind": kind}


def _list_examples(examples: list[Example]) -> list[dict]:
    pictures = [encode_png(draw_sheet([example], _THUMBNAIL)) for example in examples]
    return [
        {
            "name": f"Example {number}",
            "picture": "data:image/png;base64," + base64.b64encode(picture).decode(),
        }
        for number, picture in enumerate(pictures, start=1)
    ]


def _list_palettes() -> list[dict]:
    return [
        {"name": name, "colors": [color_code(c) for c in palette[:, :2].reshape(-1, 3)]}
        for name, palette in PALETTES.items()
    ]


def _add_html(name: str, value: object, *scripts: str, **properties) -> gr.HTML:
    """A component of ours: its template and scripts lie in `static/`, its styles in `page.css`."""
    files = {path.name for path in resources.files(__package__).joinpath("static").iterdir()}
    scripts = [f"{script}.js" for script in ("studio", *scripts, name)]
    return gr.HTML(
        value,
        html_template=read_static(f"{name}.html") if f"{name}.html" in files else "<i></i>",
        js_on_load="\n".join(read_static(script) for script in scripts if script in files),
        elem_id=name,
        apply_default_css=False,
        **properties,
    )
