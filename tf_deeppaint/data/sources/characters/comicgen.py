"""People of the npm package `comicgen`: bodies, faces and hair in SVG, as parts made of role codes.

A drawing is a few of the package's files laid over each other in a box of 500 x 600 units. Each
file is read once and its fills are replaced by the codes of their roles.
"""

import colorsys
import functools
import re
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np

from tf_deeppaint.data.sources.characters.figures import INK, Box, code, ink_code
from tf_deeppaint.data.sources.characters.holdout import is_held_out
from tf_deeppaint.data.sources.color_schemes import chance, pick
from tf_deeppaint.utils import files, walking
from tf_deeppaint.utils.errors import DeepPaintError

# Bytes; the largest file used has 120 KB.
MAX_SVG_BYTES = 4 * 2**20
# Bounds the memory of a worker: the parts used have 12 MB of text.
MAX_CACHED_PARTS = 1024
SIZE = (500, 600)
# The box of that size, and some room for limbs that leave it.
BOX = Box(-120.0, -70.0, 740.0, 740.0)

# Characters whose face and hair are one file, and the order in which their files are laid: left out
# are those without colors, stick figures, things, and real people.
FACE_FIRST, BODY_FIRST = ("emotion", "pose"), ("pose", "emotion")
CHARACTERS = {
    "aryan": FACE_FIRST,
    "deenuova": FACE_FIRST,
    "deynuovo": FACE_FIRST,
    "ethan": FACE_FIRST,
    "priyanuova": FACE_FIRST,
    "ringonuovo": FACE_FIRST,
    "sophie": BODY_FIRST,
}
# The character put together from heads, faces and dressed bodies.
MIXED = "aavatar"
# Poses whose furniture or vehicle hides the person, or has no outline.
UNWANTED_POSES = re.compile(r"sittingatdesk.*|riding.*|.*board|sittingonbeanbag|wonderwoman")
UNWANTED_CLOTHES = "stickfigure"
# How often the mixed character is drawn.
MIXED_SHARE = 0.6

# Roles by fill; those of one kind of file first.
_COLORS = {
    "": {
        "skin": "#eeddc5 #eddcc5 #f9e6c8 #efdfd3 #bda48e #f8c59a #f3d4ca #edcba8",
        "top": "#e39279 #bdc59a #bcd1ec #b1dbf2 #8b9fdc #79bd8f #ea9a00 #f796b3 #fc6 #50789b",
        "bottom": "#3a4e5c #3e606f #40627c #003156 #00325f",
        "shoes": "#866653 #663f00 #565656 #202020",
        "hair": "#bdbdaf",
        "trim": "#366284",
        "plain": "#fff #fefefe #ffffff white",
    },
    "face": {"mouth": "#5e2f2f #571010 #b64926 #d98282 #a71e22 #af2a00"},
    "hair": {"hair": "#565656 #fff"},
    "turban": {"accent": "#fff"},
    "saree": {"trim": "#e39279"},
    "formalsuit": {"layer": "#00325f"},
}
_ROLES = {
    kind: {color: role for role, colors in roles.items() for color in colors.split()}
    for kind, roles in _COLORS.items()
}
# Of 1: darker fills are ink.
INK_LUMINANCE = 0.13
# Of 1: lighter fills that are nearly gray are white things.
WHITE_LUMINANCE = 0.75
GRAY_SATURATION = 0.15
# Opacity of 1: what is fainter only tints what lies below it.
MIN_OPACITY = 0.9
# The role that solid ink of a kind of file plays; faces keep their ink.
_SOLID_INK = {"hair": "hair", "head": "hair", "body": "bottom"}
_HEX = re.compile(r"#([0-9a-f]{3}|[0-9a-f]{6})")
# Folders and files whose lines are so thin that they fade: the stroke that their ink gets.
_EXTRA_STROKES = {
    "sophie": 1.5,
    **dict.fromkeys(("aryan", "ethan", "bodycon", "formal", "tuckedinshirt", "thinlines"), 2.6),
    **dict.fromkeys(("bindi", "blondecurly", "blondeshort", "messyponytail", "turban"), 2.6),
    "oldladywithglasses": 2.6,
}
# Width of the thinnest stroke around what is not ink.
_MIN_STROKE = 3.0
_SVG = "http://www.w3.org/2000/svg"
_UNPAINTED = {f"{{{_SVG}}}{tag}" for tag in ("mask", "clipPath", "title", "style")}
_GROUPS = {f"{{{_SVG}}}{tag}" for tag in ("g", "svg", "defs")}

ElementTree.register_namespace("", _SVG)


class Part(NamedTuple):
    """One file of a drawing.

    Attributes:
        kind: "hair" (a head without a face), "face", "head" (both) or "body".
        path: Below the package's folder `svg`.
    """

    kind: str
    path: str


class Body(NamedTuple):
    """A pose of a character, with the faces that fit it.

    Attributes:
        character: The folder of the character.
        outfit: The clothes of the mixed character; the others have one outfit, named like them.
        faces: The folder of its faces, empty for the mixed character.
        path: Its file.
    """

    character: str
    outfit: str
    faces: str
    path: str


class People:
    """The package's people: samples the files of a drawing, and gives their SVG."""

    def __init__(self, folder: str) -> None:
        """Lists the files below `folder`, the package's `svg`.

        Raises:
            DeepPaintError: there is no such folder, or it lacks the characters.
        """
        self.folder = folder
        names = sorted(entry.name for entry in walking.walk(folder, (".svg",)))
        self._heads = [name for name in names if name.startswith(f"{MIXED}/gender/")]
        self._expressions = [name for name in names if name.startswith(f"{MIXED}/expression/")]
        self._by_folder: dict[str, list[str]] = {}
        for name in names:
            self._by_folder.setdefault(name.rpartition("/")[0], []).append(name)
        bodies = self._list_bodies()
        poses = sorted({_stem(body.path) for body in bodies})
        # Outfits of the mixed character, then the other characters.
        outfits = [
            sorted({body.outfit for body in bodies if (body.character == MIXED) == mixed})
            for mixed in (True, False)
        ]
        self.test_bodies = [
            body
            for body in bodies
            if is_held_out(_stem(body.path), poses)
            or is_held_out(body.outfit, outfits[body.character != MIXED])
        ]
        self.train_bodies = sorted(set(bodies) - set(self.test_bodies))
        if not (self.train_bodies and self._heads and self._expressions):
            raise DeepPaintError(f"{folder}: holds no characters of comicgen")

    def sample(self, rng: np.random.Generator, test: bool) -> tuple[Part, ...]:
        """Draws the files of a person, in the order in which they are laid over each other.

        Args:
            rng: Source of the choices.
            test: Whether body and head are held-out ones; they are of the others otherwise.
        """
        mixed = chance(rng, MIXED_SHARE)
        body = self.sample_body(rng, test, mixed)
        if mixed:
            heads = [name for name in self._heads if is_held_out(name, self._heads) == test]
            return (
                Part("hair", pick(rng, heads)),
                Part("face", pick(rng, self._expressions)),
                Part("body", body.path),
            )
        face = Part("head", pick(rng, self._by_folder[body.faces]))
        pose = Part("body", body.path)
        return (face, pose) if CHARACTERS[body.character] == FACE_FIRST else (pose, face)

    def sample_body(self, rng: np.random.Generator, test: bool, mixed: bool) -> Body:
        """Draws one of the bodies of a split: of the mixed character, or of the others."""
        bodies = self.test_bodies if test else self.train_bodies
        bodies = [body for body in bodies if (body.character == MIXED) == mixed]
        character = pick(rng, sorted({body.character for body in bodies}))
        return pick(rng, [body for body in bodies if body.character == character])

    def markup(self, parts: tuple[Part, ...]) -> str:
        """The SVG elements of these files, in the coordinates of `BOX`.

        Raises:
            DeepPaintError: a file is missing, or is no SVG.
        """
        return "".join(read_part(self.folder, part) for part in parts)

    def _list_bodies(self) -> list[Body]:
        bodies = []
        for folder, paths in self._by_folder.items():
            character, kind = folder.partition("/")[0], folder.rpartition("/")[2]
            if folder.startswith(f"{MIXED}/pose/") and kind != UNWANTED_CLOTHES:
                outfit, faces = kind, ""
            elif character in CHARACTERS and kind == "pose":
                outfit, faces = character, folder.removesuffix("pose") + "emotion"
            else:
                continue
            bodies += [
                Body(character, outfit, faces, path)
                for path in paths
                if not UNWANTED_POSES.fullmatch(_stem(path))
            ]
        return sorted(body for body in bodies if not body.faces or body.faces in self._by_folder)


@functools.lru_cache(MAX_CACHED_PARTS)
def read_part(folder: str, part: Part) -> str:
    """The SVG of a file with codes of roles in place of its colors.

    Raises:
        DeepPaintError: the file is missing, or is no SVG.
    """
    path = files.join(folder, part.path)
    data = files.read_bytes(path, MAX_SVG_BYTES)
    try:
        text = _encoded(data.decode("utf-8"), part)
    except (ElementTree.ParseError, ValueError, RecursionError) as error:
        raise DeepPaintError(f"{path}: not an SVG that can be read ({error})", "no SVG") from error
    # Every file calls its masks a, b and c.
    prefix = re.sub(r"[^a-z]", "-", part.path.lower())
    return re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{prefix}-", text)


def _encoded(svg: str, part: Part) -> str:
    root = ElementTree.fromstring(svg)
    kind = "face" if part.kind == "head" else part.kind
    names = (_stem(part.path), *part.path.split("/")[:-1])
    # A file is a box of its own: shown at its own size, and not cut off by it.
    _, _, width, height = root.get("viewBox", f"0 0 {SIZE[0]} {SIZE[1]}").split()
    root.attrib.update(width=width, height=height, overflow="visible")
    unit = float(height) / SIZE[1]
    coding = _Coding(
        kinds=(*names, kind, ""),
        ink=ink_code(_SOLID_INK[part.kind]) if part.kind in _SOLID_INK else INK,
        extra=unit * max(_EXTRA_STROKES.get(name, 0.0) for name in names),
        thinnest=unit * _MIN_STROKE,
    )
    _encode(root, coding, "#000")
    return ElementTree.tostring(root, encoding="unicode")


class _Coding(NamedTuple):
    """How the colors of a file become codes.

    Attributes:
        kinds: Keys of `_ROLES`; the first that knows a fill decides.
        ink: The code of solid ink.
        extra: Width of the stroke that ink gets.
        thinnest: Width of the thinnest stroke around what is not ink.
    """

    kinds: tuple[str, ...]
    ink: str
    extra: float
    thinnest: float


def _encode(element: ElementTree.Element, coding: _Coding, inherited: str) -> None:
    """Replaces the colors of an element and of those below it; removes tints.

    Args:
        element: Its fill, or that which it inherits, becomes the code of a role or ink.
        coding: How.
        inherited: The fill of an element that has none.
    """
    fill = element.get("fill", inherited)
    for child in list(element):
        if _is_translucent(child):
            element.remove(child)
        elif child.tag not in _UNPAINTED:
            _encode(child, coding, fill)
    if element.tag in _GROUPS:
        return
    stroke = element.get("stroke", "none").lower()
    if fill != "none":
        element.set("fill", _fill_code(fill.lower(), coding))
    is_ink = element.get("fill") == coding.ink
    if stroke != "none":
        element.set("stroke", code("plain") if stroke in ("#fff", "white") else INK)
        if not is_ink:
            width = float(element.get("stroke-width", 1))
            element.set("stroke-width", f"{max(width, coding.thinnest):.3f}")
    elif is_ink and coding.extra:
        element.attrib.update({"stroke": INK, "stroke-width": f"{coding.extra:.3f}"})


def _fill_code(color: str, coding: _Coding) -> str:
    for name in coding.kinds:
        if role := _ROLES.get(name, {}).get(color):
            return code(role)
    match = _HEX.fullmatch(color)
    if match is None:
        return coding.ink
    digits = match[1] if len(match[1]) == 6 else "".join(2 * digit for digit in match[1])
    red, green, blue = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    if luminance < INK_LUMINANCE and max(red, green, blue) - min(red, green, blue) < INK_LUMINANCE:
        return coding.ink
    hue, saturation, _ = colorsys.rgb_to_hsv(red, green, blue)
    if saturation < GRAY_SATURATION:
        return code("plain" if luminance > WHITE_LUMINANCE else "accent")
    if "hair" in coding.kinds:
        return code("hair" if 0.03 < hue < 0.16 else "accent")
    return code("accent" if "body" in coding.kinds else "mouth")


def _is_translucent(element: ElementTree.Element) -> bool:
    return float(element.get("opacity", 1)) < MIN_OPACITY or "mix-blend-mode" in element.get(
        "style", ""
    )


def _stem(path: str) -> str:
    return path.rpartition("/")[-1].removesuffix(".svg")
