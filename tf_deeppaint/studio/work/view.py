"""What a page is told of a work: pictures as files, and words."""

import itertools
import os

import numpy as np

from tf_deeppaint.images.encoding import write_picture
from tf_deeppaint.painting.inputs import page_of, shrink_sketch
from tf_deeppaint.painting.painting import AUTO_PAPER, KEEP, LINES
from tf_deeppaint.palette.named_colors import color_code
from tf_deeppaint.studio.sessions import SHOWN_SIDE, Sessions, State, draw, render
from tf_deeppaint.studio.work.maps import draw_map
from tf_deeppaint.studio.work.works import Work
from tf_deeppaint.utils.errors import DeepPaintError

PAINTED = "Painted by the network in these colors."
RECOLORED = (
    "Recolored: each part keeps the place in the palette that the network chose for it. "
    "Color lets it choose again, which may give another picture."
)
STALE = "Not painted yet: this picture is of the sketch before. Press Color."
FORGOTTEN = (
    "This picture was left alone for a while and had to make room. Press Color to paint it again."
)
# Numbers the views, so that no two are equal.
_serials = itertools.count(1)


def describe(sessions: Sessions, work: Work, look: dict) -> dict:
    """The view of a work, as JSON has it.

    Args:
        sessions: Draws the picture.
        work: The work.
        look: What `check_look` returns.
    """
    if work.state is None:
        return outline(work)
    if look["attention"]:
        work.state = sessions.with_attention(work.state)
    state = work.state = sessions.count(draw(work.state))
    picture = render(state, look["lines"], look["attention"], look["line_color"], look["paper"])
    height, width = state.painting.sketch.shape
    drawn = draw_map(state.painting)
    return outline(work) | {
        "picture": show_file(sessions, "painted.png", picture),
        "before": show_file(sessions, "sketch.png", page_of(state.small_sketch)),
        "map": None if drawn is None else show_file(sessions, "map.png", drawn),
        "width": width,
        "height": height,
        "hints": [
            {"color": color_code(hint.color), "everywhere": hint.everywhere, "at": hint.points[0]}
            for hint in state.painting.hints
        ],
    }


def outline(work: Work) -> dict:
    """The view of a work without its pictures: what is to be said and can be done."""
    is_stale = work.is_stale or (work.was_forgotten and work.state is None)
    if work.state is None:
        status = FORGOTTEN if work.was_forgotten else ""
    else:
        status = STALE if work.is_stale else (PAINTED if work.is_painted else RECOLORED)
    return {
        "serial": next(_serials),
        "stale": is_stale,
        "status": status,
        "undo": work.edits is not None and work.edits.can_undo,
        "redo": work.edits is not None and work.edits.can_redo,
    }


def check_look(values: object) -> dict:
    """How a picture is looked at, from what a browser sent.

    Raises:
        DeepPaintError: it is no such thing; the values themselves are checked where they are used.
    """
    if not isinstance(values, dict):
        raise DeepPaintError("those are no settings; load the page again")
    look = {"lines": LINES[0], "attention": 0, "line_color": KEEP, "paper": AUTO_PAPER}
    look |= {name: values[name] for name in look if name in values}
    if type(look["attention"]) is not int:
        raise DeepPaintError("there is no such attention map; load the page again")
    return look


def show_file(sessions: Sessions, name: str, picture: np.ndarray) -> dict:
    """A picture as a file that the page may load."""
    path = sessions.new_path(name)
    write_picture(path, picture, is_lasting=False)  # the studio's folder goes with it
    return as_file(path)


def show_sketch(sessions: Sessions, sketch: np.ndarray) -> dict:
    """A sketch as a file that the page may load, as large as the page shows it."""
    return show_file(sessions, "sketch.png", page_of(shrink_sketch(sketch, SHOWN_SIDE)))


def download(path: str) -> dict:
    """A file that the page is to download at once."""
    return {"serial": next(_serials), "file": as_file(path), "name": os.path.basename(path)}


def as_file(path: str) -> dict:
    """A file as Gradio takes it from an event and gives it an address."""
    name = os.path.basename(path)
    return {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}


def check_shown(work: Work) -> State:
    """The painting of a work.

    Raises:
        DeepPaintError: there is none, or not of the sketch on the page.
    """
    if work.was_forgotten and work.state is None:
        raise DeepPaintError(FORGOTTEN)
    if work.state is None:
        raise DeepPaintError("there is no picture yet; press Color first")
    if work.is_stale:
        raise DeepPaintError(STALE)
    return work.state
