"""Beards and mustaches of adults, in the color of their hair."""

from tf_deeppaint.data.sources.color_schemes import Rng, chance, pick
from tf_deeppaint.data.sources.dolls.adults.bodies import Head
from tf_deeppaint.data.sources.dolls.canvas import Shape, blob, loop, mirrored, stroke
from tf_deeppaint.data.sources.dolls.colors import Colors

BEARDS = ("full", "full", "long", "curtain", "goatee", "chin", "mustache", "mustache")
MUSTACHES = ("walrus", "handlebar", "thin", "chevron")


def beard(rng: Rng, colors: Colors, shape: Head) -> tuple[list[Shape], list[Shape]]:
    """What the mouth is drawn over, and what is drawn over the mouth."""
    kind = pick(rng, BEARDS)
    y = shape.mouth_y
    if kind == "mustache":
        return [], _mustache(rng, colors, y)
    wide = rng.uniform(0.18, 0.36)
    long = rng.uniform(0.05, 0.22) + (rng.uniform(0.3, 1.3) if kind == "long" else 0.0)
    if kind in ("goatee", "chin"):
        top = y - 0.13 if kind == "goatee" else y + 0.14
        side = [(wide * 0.5, top - 0.02), (wide, y + 0.1), (wide * 0.8, shape.low - 0.1)]
        outline = blob(mirrored([*side, (0, shape.low + long)]))
        over = _mustache(rng, colors, y) if kind == "chin" and chance(rng, 0.5) else []
        return [Shape(outline, paint=colors.hair, shading=0.5)], over
    start = rng.uniform(-0.35, 0.1)
    outer = [
        (shape.wide * 1.02, start),
        (shape.wide * 1.03, 0.25),
        (shape.jaw * 1.06 + 0.04, 0.66),
        (shape.chin + rng.uniform(0.06, 0.22), shape.low + long * 0.6),
        (rng.uniform(-0.05, 0.05), shape.low + long),
    ]
    lower = mirrored([*outer[:-1], (0.0, outer[-1][1])])
    edge = y + rng.uniform(0.12, 0.2) if kind == "curtain" else y - rng.uniform(0.12, 0.18)
    cheek = (shape.jaw * rng.uniform(0.62, 0.86), y - rng.uniform(0.1, 0.25))
    inner = mirrored([(shape.wide * 0.86, start), cheek, (0.18, edge), (0, edge + 0.04)])
    outline = loop(lower, inner[::-1])
    hairs = [
        stroke([(x, shape.low - 0.1), (x * 0.9, shape.low + long * 0.5)], 0.5)
        for x in rng.uniform(-0.3, 0.3, int(rng.integers(0, 5)))
    ]
    full = Shape(outline, paint=colors.hair, shading=0.6, details=tuple(hairs))
    return [full], _mustache(rng, colors, y) if chance(rng, 0.45) else []


def _mustache(rng: Rng, colors: Colors, mouth_y: float) -> list[Shape]:
    kind, y = pick(rng, MUSTACHES), mouth_y - rng.uniform(0.06, 0.11)
    wide, thick = rng.uniform(0.24, 0.46), rng.uniform(0.05, 0.12)
    ends = {"walrus": 0.16, "handlebar": -0.16, "thin": 0.06, "chevron": 0.08}
    thick *= 0.6 if kind == "thin" else 1.0
    end = (wide, y + ends[kind])
    upper = [(0, y - thick * 0.5), (wide * 0.4, y - thick), (wide * 0.8, y), end]
    lower = [end, (wide * 0.55, y + thick * 1.3), (0, y + thick * 0.7)]
    left = [[(-px, py) for px, py in reversed(strand)] for strand in (lower, upper)]
    return [Shape(loop(upper, lower, *left), paint=colors.hair, shading=0.4, line=0.8)]
