"""What a page downloads: the picture, layers for paint programs, the palette, and a recipe."""

import json
import os
import shutil
import zipfile

from tf_deeppaint.palette.named_colors import color_code
from tf_deeppaint.palette.palette_files import write_palette
from tf_deeppaint.studio.sessions import Sessions, State, palette_to_codes
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.files import write_bytes

# What a page can ask for, with the suffix of the file.
LAYERS = {"ora": ".ora", "psd": ".psd", "layers": ".zip"}
PALETTES = {"json": ".json", "gpl": ".gpl", "ase": ".ase", "aco": ".aco", "hex": ".hex"}


def save(sessions: Sessions, state: State, kind: object, look: dict, fields: dict) -> str:
    """Writes what a page asks for, and returns the path.

    Args:
        sessions: Gives the path.
        state: The painting.
        kind: `png`, `recipe`, or one of `LAYERS`.
        look: What `view.check_look` returns.
        fields: How the sketch was read: what `recipe` repeats.

    Raises:
        DeepPaintError: there is no such kind.
    """
    if kind == "png":
        return sessions.write_picture(state, look["lines"], look["line_color"], look["paper"])
    if kind == "recipe":
        path = sessions.new_path("recipe.json")
        write_bytes(path, json.dumps(recipe(state, look, fields), indent=1).encode() + b"\n")
        return path
    if not isinstance(kind, str) or kind not in LAYERS:
        raise DeepPaintError("there is no such download; load the page again")
    look = look["line_color"], look["paper"]
    if kind != "layers":
        return sessions.write_layers(state, *look, "painted" + LAYERS[kind])
    folder = sessions.write_layers(state, *look, "painted")
    path = folder + LAYERS[kind]
    with zipfile.ZipFile(path, "w") as archive:  # not compressed: PNG is already
        for name in sorted(os.listdir(folder)):
            archive.write(os.path.join(folder, name), name)
    shutil.rmtree(folder)
    return path


def save_palette(sessions: Sessions, palette, kind: object) -> str:
    """Writes a palette, uint8 `(4, 4, 3)`, in one of `PALETTES`, and returns the path."""
    if not isinstance(kind, str) or kind not in PALETTES:
        raise DeepPaintError("there is no such kind of palette; load the page again")
    path = sessions.new_path("palette" + PALETTES[kind])
    write_palette(path, palette)
    return path


def recipe(state: State, look: dict, fields: dict) -> dict:
    """How a picture was made, so that it can be made again."""
    painting = state.painting
    height, width = painting.sketch.shape
    return {
        "sketch": fields | {"width": width, "height": height},
        "palette": palette_to_codes(painting.prediction.palette),
        "hints": [
            {
                "points": [list(point) for point in hint.points],
                "color": color_code(hint.color),
                "everywhere": hint.everywhere,
            }
            for hint in painting.hints
        ],
        "line_color": look["line_color"],
        "paper": look["paper"],
        "lines": look["lines"],
    }
