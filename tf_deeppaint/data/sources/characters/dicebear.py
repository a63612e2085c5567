"""Avatar styles of the package `dicebear-styles`: their parts, as SVG made of role codes.

A style is a JSON file: a canvas and components, each with variants, which are trees of SVG
elements. A fill is a literal or refers to a color of the style by name. Drawing styles ourselves
rather than through the package `dicebear-core` lets every element get its role, and runs no code
that was fetched.
"""

import json
from collections.abc import Mapping
from typing import NamedTuple
from xml.sax.saxutils import quoteattr

import numpy as np

from tf_deeppaint.data.sources.characters.figures import INK, MIN_SOLID, Box, code, ink_code
from tf_deeppaint.data.sources.characters.holdout import is_held_out
from tf_deeppaint.data.sources.color_schemes import chance, pick
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

# Bytes; the largest of the styles used has 750 KB.
MAX_STYLE_BYTES = 4 * 2**20
# Elements nest this deep at most; the styles used have 5 levels.
MAX_DEPTH = 32
# Stands for the component inside a mask, whose colors are no roles. No component is called so.
MASK = "<mask>"
# A fill that is less opaque is a shadow: it only tints what lies below it.
MIN_OPACITY = 0.5


class Rules(NamedTuple):
    """How the colors of a style become roles.

    Keys are "color" or "component.color", the latter first; a color is a name of the style's or a
    literal in lower case. What no key names is ink, and so are strokes but for "stroke.color".

    Attributes:
        roles: The role of a color. "ink:hair" is ink whose solid areas become hair.
        outlines: Width of the ink stroke around the elements of a color, in the style's units.
        left_out: Variants, by component, that are never drawn; `("*",)` leaves out all.
        variants: Roles for one variant, by "component.variant", in place of those above.
        main: Components whose variants are held out for the test split.
        common: Probability of components, 0 to 1, where the style's own is not wanted.
        solid: Radius of a disc, as a share of the side, that lines are too thin to hold: ink of a
            role is opened up where it fits.
    """

    roles: Mapping[str, str]
    outlines: Mapping[str, float] = {}
    left_out: Mapping[str, tuple[str, ...]] = {}
    variants: Mapping[str, Mapping[str, str]] = {}
    main: tuple[str, ...] = ("hair",)
    common: Mapping[str, float] = {}
    solid: float = MIN_SOLID


class Style:
    """A style as loaded: samples which variants a drawing has, and writes its SVG."""

    def __init__(self, path: str, rules: Rules) -> None:
        """Loads a style's JSON file.

        Raises:
            DeepPaintError: the file is missing, or is no style.
        """
        self.path, self.rules = path, rules
        try:
            style = json.loads(files.read_bytes(path, MAX_STYLE_BYTES))
            self._components = style["components"]
            self._canvas = style["canvas"]
            self.box = Box(0, 0, float(self._canvas["width"]), float(self._canvas["height"]))
            self._fill = str(style.get("attributes", {}).get("fill", INK))
            self._names = {
                name: sorted(set(component["variants"]) - set(rules.left_out.get(name, ())))
                for name, component in self._components.items()
                if rules.left_out.get(name) != ("*",)
            }
            self._shown = {
                name: rules.common.get(name, float(component.get("probability", 100)) / 100)
                for name, component in self._components.items()
            }
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise DeepPaintError(f"{path}: not a style of dicebear-styles") from error

    def sample(self, rng: np.random.Generator, test: bool) -> dict[str, str]:
        """Draws a variant for every component that is shown.

        Args:
            rng: Source of the choices.
            test: Whether main components take held-out variants; they take the others otherwise.
        """
        design = {}
        for name, variants in self._names.items():
            if not chance(rng, self._shown[name]):
                continue
            if name in self.rules.main:
                variants = [v for v in variants if is_held_out(v, variants) == test]
            if variants:
                design[name] = pick(rng, variants)
        return design

    def markup(self, design: Mapping[str, str]) -> str:
        """The SVG elements of a design, in the style's coordinates.

        Raises:
            DeepPaintError: the style is damaged, or has no such variant.
        """
        try:
            elements = self._markup(self._canvas["elements"], design, "")
        except (KeyError, TypeError, AttributeError) as error:
            raise DeepPaintError(f"{self.path}: not a style of dicebear-styles") from error
        # Elements without a fill have the root's.
        return f'<g fill="{self._fill}">{elements}</g>'

    def _markup(
        self, elements: list[dict], design: Mapping[str, str], component: str, depth: int = 0
    ) -> str:
        """The elements that `component` draws, as text; `MASK` has no roles."""
        if depth > MAX_DEPTH:
            raise DeepPaintError(f"{self.path}: nested deeper than {MAX_DEPTH} levels")
        texts = []
        for element in elements:
            attributes = element.get("attributes") or {}
            name = tag = element["name"]
            if _is_translucent(attributes) or (
                element["type"] == "component" and name not in design
            ):
                continue
            if element["type"] == "component":
                tag = "g"
                children = self._components[name]["variants"][design[name]]["elements"]
                inner = self._markup(children, design, name, depth + 1)
            else:
                drawer = MASK if name == "mask" else component
                inner = self._markup(element.get("children", []), design, drawer, depth + 1)
                if "mask" in attributes and not inner:
                    # The rasterizer refuses masks around nothing.
                    continue
            paints = self._paints(attributes, component, design)
            texts.append(f"<{tag}{paints}>{inner}</{tag}>")
        return "".join(texts)

    def _paints(self, attributes: dict, component: str, design: Mapping[str, str]) -> str:
        """The attributes of an element as text, with roles in place of colors."""
        paints = dict(attributes)
        if float(paints.pop("fill-opacity", 1)) < MIN_OPACITY:
            paints["fill"] = "none"
        if component != MASK:
            stroke = paints.get("stroke")
            if stroke is not None and stroke != "none":
                role = self.rules.roles.get(f"stroke.{_color_name(stroke)}")
                paints["stroke"] = code(role) if role else INK
            fill = paints.get("fill")
            if fill is not None and fill != "none":
                paints["fill"] = self._role(component, fill, design)
                width = self._lookup(self.rules.outlines, component, _color_name(fill))
                if width:
                    paints |= {"stroke": INK, "stroke-width": width, "stroke-linejoin": "round"}
        return "".join(f" {key}={quoteattr(str(value))}" for key, value in paints.items())

    def _role(self, component: str, color: str | dict, design: Mapping[str, str]) -> str:
        name = _color_name(color)
        variant = self.rules.variants.get(f"{component}.{design.get(component)}", {})
        role = variant.get(name) or self._lookup(self.rules.roles, component, name) or "ink"
        if role == "ink":
            return INK
        return ink_code(role[len("ink:") :]) if role.startswith("ink:") else code(role)

    @staticmethod
    def _lookup(table: Mapping, component: str, name: str):
        return table.get(f"{component}.{name}", table.get(name))


def _color_name(color: str | dict) -> str:
    """The name of a color of the style, or a literal in lower case."""
    return color["name"] if isinstance(color, dict) else color.lower()


def _is_translucent(attributes: dict) -> bool:
    """Whether an element only tints what lies below it."""
    return "opacity" in attributes or "mix-blend-mode" in str(attributes.get("style", ""))
