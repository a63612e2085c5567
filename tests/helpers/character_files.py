"""Tiny files of the structure of the packages `dicebear-styles` and `comicgen`."""

import json
from pathlib import Path

STYLES = ("adventurer", "notionists", "lorelei", "open-peeps", "micah", "toon-head")
HAIR = tuple(f"hair{number:02d}" for number in range(16))
CLOTHES = ("casual", "formalsuit", "gown", "saree", "uniform")
POSES = tuple(f"pose{number:02d}" for number in range(16))
HEADS = tuple(f"head{number:02d}" for number in range(16))


def shape(color: str | dict, path: str, **attributes: object) -> dict:
    """An element of a style: a path with a fill."""
    return {
        "type": "element",
        "name": "path",
        "attributes": {"d": path, "fill": color, **attributes},
    }


def named(color: str) -> dict:
    """A reference to a color of a style."""
    return {"type": "color", "name": color}


def box(left: float, top: float, right: float, bottom: float) -> str:
    """The path of a rectangle."""
    return f"M{left} {top}H{right}V{bottom}H{left}Z"


def make_style() -> dict:
    """A face with 16 kinds of hair and heads, which are rectangles of their own widths."""

    def framed(color: str, left: float, top: float, right: float, bottom: float) -> list[dict]:
        outline = shape(named("ink"), box(left - 2, top - 2, right + 2, bottom + 2))
        return [outline, shape(named(color), box(left, top, right, bottom))]

    hair = {
        name: {"elements": framed("hair", 30 - number, 10, 70, 30)}
        for number, name in enumerate(HAIR)
    }
    heads = {
        name: {"elements": framed("skin", 25, 20, 75 + number / 2, 90)}
        for number, name in enumerate(HEADS)
    }
    eyes = [
        shape(named("sclera"), box(35, 40, 65, 60)),
        shape(named("eyes"), box(40, 44, 60, 56)),
    ]
    return {
        "canvas": {
            "width": 100,
            "height": 100,
            "elements": [
                {"type": "component", "name": name, "attributes": {"transform": "translate(0 0)"}}
                for name in ("head", "eyes", "hair", "glasses")
            ],
        },
        "attributes": {"fill": "none"},
        "components": {
            "head": {"variants": heads},
            "eyes": {"variants": {"open": {"elements": eyes}}},
            "hair": {"variants": hair},
            "glasses": {"probability": 0, "variants": {"round": {"elements": []}}},
        },
    }


def write_styles(folder: Path) -> Path:
    """Writes every style below `folder`, as the package `dicebear-styles` has them."""
    for style in STYLES:
        path = folder / "dicebear_styles" / f"{style}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(make_style()))
    return folder


def svg(*elements: str, view_box: str = "0 0 500 600") -> str:
    """A file of comicgen."""
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view_box}">{"".join(elements)}</svg>'


def fill(color: str, *corners: float, more: str = "") -> str:
    """A filled rectangle as comicgen writes it."""
    return f'<path fill="{color}" d="{box(*corners)}"{more}/>'


def write_comicgen(folder: Path) -> Path:
    """Writes people below `folder`, as the package `comicgen` has them: rectangles."""
    face = svg(fill("#b64926", 240, 130, 260, 140))
    files = {"aavatar/expression/strokes/smile.svg": face}
    for number, name in enumerate(HEADS):
        hair = fill("#171717", 190 - number, 20, 310, 80)
        skin = fill("#eeddc5", 210, 80, 290, 160)
        files[f"aavatar/gender/female/{name}.svg"] = svg(hair, skin)
    for clothes in CLOTHES:
        for number, pose in enumerate(POSES):
            outline = fill("#161616", 190 - number, 160, 310, 360)
            shirt = fill("#bcd1ec", 200 - number, 170, 300, 350)
            trousers = fill("#161616", 210, 350, 290, 560)
            files[f"aavatar/pose/{clothes}/{pose}.svg"] = svg(outline, shirt, trousers)
    for pose in POSES:
        body = svg(fill("#8b9fdc", 200, 170, 300, 350), fill("#000", 210, 350, 290, 560))
        files[f"ringonuovo/straight/pose/{pose}.svg"] = body
        files[f"sophie/pose/{pose}.svg"] = svg(
            fill("#50789b", 40, 40, 90, 130), view_box="0 0 144 144"
        )
    files["ringonuovo/straight/emotion/smile.svg"] = svg(fill("#bda48e", 210, 60, 290, 160))
    files["sophie/emotion/smile.svg"] = svg(fill("#edcba8", 50, 10, 80, 40), view_box="0 0 144 144")
    for name, text in files.items():
        path = folder / "svg" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder
