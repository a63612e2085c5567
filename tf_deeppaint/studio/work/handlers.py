"""What each event of the studio's page does, with the values that a browser sent."""

import os
import zipfile
from collections.abc import Callable

import numpy as np

from tf_deeppaint.painting.hints.hint import Hint
from tf_deeppaint.painting.inputs import parse_gap
from tf_deeppaint.palette.named_colors import MOST
from tf_deeppaint.studio.examples import PALETTES
from tf_deeppaint.studio.interface import read_palette
from tf_deeppaint.studio.sessions import (
    Sessions,
    Upload,
    codes_to_palette,
    palette_to_codes,
    read_sketch,
    read_upload,
)
from tf_deeppaint.studio.work import saving, view
from tf_deeppaint.studio.work.edits import Edit, Edits, drop_hint, put_hint
from tf_deeppaint.studio.work.works import Work, Works
from tf_deeppaint.utils.errors import DeepPaintError

_MAX_NAME_LENGTH = 80
# The most sketches that are colored with one click.
MAX_SKETCHES = 12
# A note of `preparation.prepare` on a page that is no line art, and what the page says instead.
_WOULD_TAKE = "recolor (--recolor)"
_ADVICE = (
    "This is a picture in color or tones already, not line art. As it is, the new colors are laid "
    "over the old ones."
)


class Handlers:
    """What each event of the page does.

    Each method takes a work and the values of some of the page's components, as the browser sent
    them, and returns what changes: values of components by name, and under `note` or `error` a line
    for people. All raise DeepPaintError where a visitor made a mistake.

    Args:
        sessions: Paints.
        is_awaited: As `Works` takes it.
    """

    def __init__(
        self, sessions: Sessions, is_awaited: Callable[[str], bool] = lambda session: False
    ):
        self.sessions = sessions
        self.works = Works(is_awaited)
        sessions.make_room = self.works.make_room

    def restore(self, work: Work, look: dict) -> dict:
        """What a page showed before it was loaded again."""
        changes = dict(work.fields)
        if (source := work.source) is not None and "sketch" in changes:
            changes["sketch"] = changes["sketch"] | {"preview": self._preview(source[1])}
        elif "sketch" in changes:
            del changes["sketch"]
        if work.state is not None or work.was_forgotten:
            changes["easel"] = self._describe(work, look)
        return changes | ({"note": work.told} if work.told else {})

    def take_sketch(self, work: Work, sketch: dict, look: dict) -> dict:
        """A sketch was put on the page, taken off it or drawn: the picture is of another one."""
        fields = _check_fields(sketch)
        upload = to_upload(fields[fields["source"]])
        work.is_stale = work.state is not None and (upload is None or upload.path != work.painted)
        changes = {"easel": view.outline(work)}
        if upload is None or fields["source"] == "drawn":
            return changes
        try:
            return changes | self._read_and_tell(work, fields)[1]
        except DeepPaintError as error:
            return changes | {"sketch": {"gone": True}, "error": str(error)}

    def read_again(self, work: Work, sketch: dict, swatches: dict, look: dict) -> dict:
        """The sketch is to be read another way; what is painted is painted again."""
        fields = _check_fields(sketch)
        if to_upload(fields[fields["source"]]) is None:
            return {}
        if work.state is not None and not work.is_stale:
            return self._color(work, sketch, swatches, look)
        return self._read_and_tell(work, fields)[1]

    def color(self, work: Work, sketch: dict, swatches: dict, look: dict) -> dict:
        told = work.told
        changes = self._color(work, sketch, swatches, look)
        # What stands beside the sketch already is not told again beside the colors.
        return changes | ({"note": ""} if changes["note"] == told else {})

    def _color(self, work: Work, sketch: dict, swatches: dict, look: dict) -> dict:
        fields = _check_fields(sketch)
        pixels, changes = self._read_and_tell(work, fields)
        palette = codes_to_palette(_codes_of(swatches))
        goes_on = work.state is not None and not work.is_stale
        goes_on = goes_on and pixels.shape == work.state.painting.sketch.shape
        hints = work.edits.shown.hints if goes_on else ()
        self._paint(work, pixels, Edit(palette, hints), parse_gap(fields["gap"]), goes_on)
        self._keep(work, fields, _check_swatches(swatches))
        return changes | {"easel": self._describe(work, look)}

    def take_example(self, work: Work, sketch: dict, swatches: dict, look: dict) -> dict:
        """Puts an example's files on the page and paints it."""
        number = sketch.get("example") if isinstance(sketch, dict) else None
        if type(number) is not int or number not in range(len(self.sessions.examples)):
            raise DeepPaintError("there is no such example")
        sketch_path, reference = self.sessions.write_example(number)
        palette = self.sessions.palette_of(Upload(reference, "reference"))
        fields = _check_fields({"file": {"path": sketch_path, "orig_name": "sketch.png"}})
        pixels, changes = self._read_and_tell(work, fields)
        self._paint(work, pixels, Edit(palette), None, False)
        shown = {"codes": palette_to_codes(palette), "locks": [False] * MOST}
        self._keep(work, fields, shown)
        return {
            "sketch": fields | {"preview": changes["sketch"]["preview"]},
            "colors": {"preview": view.as_file(reference)},
            "swatches": shown,
            "easel": self._describe(work, look),
        }

    def take_reference(self, work: Work, colors: dict, swatches: dict, look: dict) -> dict:
        """Shows the palette of a reference, and the picture in it."""
        try:
            upload = to_upload(colors.get("file") if isinstance(colors, dict) else None)
            palette = self.sessions.palette_of(upload)
        except DeepPaintError as error:
            return {"colors": {"gone": True}, "error": str(error)}
        return self._take_palette(work, palette, swatches, look)

    def take_ready_palette(self, work: Work, colors: dict, swatches: dict, look: dict) -> dict:
        name = colors.get("name") if isinstance(colors, dict) else None
        if not isinstance(name, str) or name not in PALETTES:
            raise DeepPaintError("there is no such palette")
        return self._take_palette(work, PALETTES[name], swatches, look)

    def import_palette(self, work: Work, swatches: dict, look: dict) -> dict:
        upload = to_upload(swatches.get("file") if isinstance(swatches, dict) else None)
        if upload is None:
            raise DeepPaintError("there is no palette yet; choose a file")
        palette = read_palette(read_upload(upload), upload.name)
        return self._take_palette(work, palette, swatches, look)

    def recolor(self, work: Work, swatches: dict, look: dict) -> dict:
        """A swatch was given another color."""
        palette = codes_to_palette(_codes_of(swatches))
        return self._set_palette(work, palette, swatches, look, f"swatch {swatches.get('changed')}")

    def edit(self, work: Work, order: dict, look: dict) -> dict:
        """Puts or removes a hint, or takes a step back or forth."""
        state = view.check_shown(work)
        order = order if isinstance(order, dict) else {}
        kind, shown = order.get("kind"), work.edits.shown
        if kind == "hint":
            point = order.get("x"), order.get("y")
            hint = Hint.dot(*point, order.get("color"), order.get("everywhere") is True)
            after = Edit(shown.palette, put_hint(shown.hints, hint))
        elif kind == "remove":
            after = Edit(shown.palette, drop_hint(shown.hints, order.get("number")))
        elif kind in ("undo", "redo"):
            getattr(work.edits, kind)()
            after = work.edits.shown
        else:
            raise DeepPaintError("there is no such edit; load the page again")
        work.state = self.sessions.recolor(state, after.palette, after.hints)
        work.edits.add(after)
        if not np.array_equal(after.palette, shown.palette):
            work.is_painted = False
        swatches = work.fields.get("swatches", {}) | {"codes": palette_to_codes(after.palette)}
        work.fields["swatches"] = swatches
        return {"easel": self._describe(work, look), "swatches": swatches}

    def show(self, work: Work, look: dict) -> dict:
        return {"easel": self._describe(work, look)} if work.state is not None else {}

    def save(self, work: Work, order: dict, look: dict) -> dict:
        state, kind = view.check_shown(work), order.get("kind") if isinstance(order, dict) else None
        fields = work.fields.get("sketch", {})
        options = {name: fields[name] for name in ("clean", "recolor", "gap") if name in fields}
        path = saving.save(self.sessions, state, kind, view.check_look(look), options)
        return {"saving": view.download(path)}

    def save_palette(self, work: Work, swatches: dict) -> dict:
        palette = codes_to_palette(_codes_of(swatches))
        path = saving.save_palette(self.sessions, palette, swatches.get("kind"))
        return {"saving": view.download(path)}

    def color_all(self, work: Work, order: dict, sketch: dict, swatches: dict, look: dict) -> dict:
        """Colors several sketches in the palette on the page; a ZIP file of pictures."""
        listed = order.get("files") if isinstance(order, dict) else None
        if not isinstance(listed, list) or not 1 <= len(listed) <= MAX_SKETCHES:
            raise DeepPaintError(f"choose 1 to {MAX_SKETCHES} sketches")
        fields, palette = _check_fields(sketch), codes_to_palette(_codes_of(swatches))
        look, wrong = view.check_look(look), []
        path = self.sessions.new_path("painted.zip")
        os.makedirs(os.path.dirname(path))
        with zipfile.ZipFile(path, "w") as archive:  # not compressed: PNG is already
            for number, file in enumerate(listed, start=1):
                upload = to_upload(file)
                try:
                    pixels, _ = read_sketch(upload, fields["clean"], fields["recolor"])
                    state = self.sessions.paint(pixels, palette, parse_gap(fields["gap"]))
                    picture = saving.save(self.sessions, state, "png", look, {})
                except DeepPaintError as error:
                    wrong.append(str(error))
                    continue
                name = os.path.splitext(os.path.basename(upload.name))[0]
                archive.write(picture, f"{number:02}-{name}.png")
                os.remove(picture)
        if len(wrong) == len(listed):
            raise DeepPaintError(wrong[0])
        changes = {"saving": view.download(path)}
        return changes | ({"error": "; ".join(wrong)} if wrong else {})

    def after_error(self, work: Work) -> dict:
        """What the page has to know of a work with which something went wrong."""
        return {"easel": view.outline(work)}

    def _keep(self, work: Work, fields: dict, swatches: dict) -> None:
        """Keeps what the fields held when the picture was painted."""
        work.painted = to_upload(fields[fields["source"]]).path
        work.fields = {"sketch": fields, "swatches": swatches}

    def _read_and_tell(self, work: Work, fields: dict) -> tuple[np.ndarray, dict]:
        """Reads the sketch on the page; the sketch, how it looks now, and what is told of it."""
        pixels, note = self._read(work, fields)
        sketch = {"painted": _WOULD_TAKE in note}
        if fields["source"] == "file":
            sketch["preview"] = self._preview(pixels)
        work.told = _ADVICE if sketch["painted"] else note
        return pixels, {"sketch": sketch, "note": work.told}

    def _read(self, work: Work, fields: dict) -> tuple[np.ndarray, str]:
        """Reads the sketch on the page into the work, unless it is there; what is told of it."""
        upload = to_upload(fields[fields["source"]])
        options = fields["clean"], fields["recolor"], parse_gap(fields["gap"])
        key, source = (upload and upload.path, *options), work.source
        if source is None or source[0] != key:
            self.sessions.check_room()
            sketch, note = read_sketch(upload, *options)
            # In one step: another thread may take it away where it needs the room.
            work.source = source = key, self.sessions.count(sketch), note
        return source[1:]

    def _paint(
        self, work: Work, pixels: np.ndarray, edit: Edit, gap: int | None, goes_on: bool
    ) -> None:
        work.state = self.sessions.paint(pixels, edit.palette, gap, edit.hints)
        work.is_stale, work.was_forgotten, work.is_painted = False, False, True
        if goes_on:
            work.edits.add(edit)
        else:
            work.edits = Edits(edit)

    def _take_palette(self, work: Work, palette: np.ndarray, swatches: dict, look: dict) -> dict:
        """Takes a new palette, but for the swatches that are locked."""
        locks = np.array(_check_swatches(swatches)["locks"]).reshape(palette.shape[:2])
        kept = codes_to_palette(_codes_of(swatches))
        return self._set_palette(work, np.where(locks[..., None], kept, palette), swatches, look)

    def _set_palette(
        self, work: Work, palette: np.ndarray, swatches: dict, look: dict, subject: str = ""
    ) -> dict:
        shown = _check_swatches(swatches) | {"codes": palette_to_codes(palette)}
        work.fields["swatches"] = shown
        changes = {"swatches": shown}
        if work.state is None or work.is_stale:
            return changes
        edit = Edit(palette, work.edits.shown.hints)
        if not edit.equals(work.edits.shown):
            work.state = self.sessions.recolor(work.state, palette, edit.hints)
            work.edits.add(edit, subject)
            work.is_painted = not self.sessions.painter.backend.mixes
        return changes | {"easel": self._describe(work, look)}

    def _describe(self, work: Work, look: dict) -> dict:
        return view.describe(self.sessions, work, view.check_look(look))

    def _preview(self, sketch: np.ndarray) -> dict:
        """A sketch as it was read, as a file that the page may load."""
        return view.show_sketch(self.sessions, sketch)


def to_upload(payload: object) -> Upload | None:
    """The file that a component holds, from what the browser sent; None where it holds none.

    Raises:
        DeepPaintError: the payload is no file.
    """
    if not payload:
        return None
    path = payload.get("path") if isinstance(payload, dict) else None
    if not isinstance(path, str):
        raise DeepPaintError("that is no file; drop it again")
    name = payload.get("orig_name")
    name = name if isinstance(name, str) and name else "the sketch"
    return Upload(path, name[:_MAX_NAME_LENGTH])


def _check_fields(sketch: object) -> dict:
    """The sketch on the page: where it is, and how it is read."""
    given = sketch if isinstance(sketch, dict) else {}
    source = given.get("source", "file")
    clean, gap = given.get("clean", "auto"), given.get("gap", "auto")
    if source not in ("file", "drawn") or not isinstance(gap, str) or not isinstance(clean, str):
        raise DeepPaintError("that is no sketch; load the page again")
    return {
        "source": source,
        "file": given.get("file"),
        "drawn": given.get("drawn"),
        "clean": clean,
        "recolor": given.get("recolor") is True,
        "gap": gap,
    }


def _check_swatches(swatches: object) -> dict:
    """Codes and locks of the swatches."""
    locks = swatches.get("locks") if isinstance(swatches, dict) else None
    if not isinstance(locks, list) or len(locks) != MOST or {*map(type, locks)} != {bool}:
        raise DeepPaintError("those are no swatches; load the page again")
    return {"codes": _codes_of(swatches), "locks": locks}


def _codes_of(swatches: object) -> object:
    """The codes, which `codes_to_palette` checks."""
    return swatches.get("codes") if isinstance(swatches, dict) else None
