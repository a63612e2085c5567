"""The rules of each avatar style: roles of its colors, and what is left out."""

from tf_deeppaint.data.sources.characters.dicebear import Rules

# Adventurer, by Lisa Wischofsky: heads with big eyes. Left out is hair that the canvas cuts off,
# that has colors of its own (flowers) or that is a tint of the skin.
ADVENTURER = Rules(
    roles={
        "skin": "skin",
        "hair": "hair",
        "eyes": "iris",
        "sclera": "plain",
        "teeth": "plain",
        "white": "plain",
        "throat": "mouth",
        "tongue": "mouth",
        "uvula": "mouth",
        "lips": "mouth",
        "earrings": "accent",
    },
    outlines={"eyes": 5, "lips": 5, "earrings": 5, "tongue": 4},
    left_out={
        "hair": (
            *("long03", "long06", "long08", "long09", "long16", "long17", "long18", "long22"),
            *("short12", "short13", "short15", "short16", "short19"),
        ),
        "details": ("blush", "mustache"),
    },
)

# The same heads where they are small: lines are thickened.
SMALL_ADVENTURER = ADVENTURER._replace(
    outlines={
        **{"skin": 6, "hair": 6, "sclera": 5, "throat": 5, "teeth": 5},
        **{"eyes": 7, "lips": 7, "earrings": 7, "tongue": 6},
    }
)

# Notionists, by Zoish: busts in ink and paper. Left out are garments of ink whose seams are paper.
NOTIONISTS = Rules(
    roles={
        "head.paper": "skin",
        "gesture.paper": "skin",
        "clothes.paper": "top",
        "clothes.ink": "ink:layer",
        "hair.paper": "accent",
        "hair.ink": "ink:hair",
        "beard.ink": "ink:hair",
        "mouth.paper": "plain",
        "glasses.paper": "plain",
        "stroke.paper": "top",
    },
    left_out={
        "clothes": ("variant02", "variant04", "variant06", "variant08"),
        "clothesGraphic": ("*",),
        "gesture": ("handPhone",),
        "hair": ("variant42",),
    },
    variants={
        "hair.variant26": {"paper": "skin"},
        "hair.variant32": {"paper": "skin"},
        "hair.variant62": {"paper": "trim", "ink": "ink:accent"},
        "hair.variant63": {"paper": "trim", "ink": "ink:accent"},
    },
    main=("hair", "clothes", "gesture"),
    common={"gesture": 0.3},
)

# Lorelei, by Lisa Wischofsky: three-quarter heads with open lines.
LORELEI = Rules(
    roles={
        "skin": "skin",
        "hair": "hair",
        "white": "plain",
        "earrings": "accent",
    },
    outlines={"hair": 7, "skin": 6, "earrings": 5},
    left_out={"beard": ("*",), "hairAccessories": ("*",)},
)

# Open Peeps, by Pablo Stanley: busts; most hair is solid ink.
OPEN_PEEPS = Rules(
    roles={
        "skin": "skin",
        "clothing": "top",
        "head.clothing": "accent",
        "headContrast": "hair",
        "head.ink": "ink:hair",
        "facialHair.ink": "ink:hair",
        "white": "plain",
        "mask.#9ddadb": "accent",
        "#ff8181": "mouth",
        "#ff6c6c": "mouth",
    },
    left_out={"head": ("bear", "bun", "cornrows", "longAfro")},
    variants={
        "head.hatHip": {"ink": "ink:accent"},
        "head.hijab": {"ink": "ink:accent"},
        "head.noHair1": {"ink": "ink"},
        "head.noHair2": {"ink": "ink"},
        "head.noHair3": {"ink": "ink"},
    },
    main=("head",),
    # Jaws are drawn with a thick line.
    solid=0.024,
)

# Micah, by Micah Lanier: busts.
MICAH = Rules(
    roles={
        "base": "skin",
        "hair": "hair",
        "shirt": "top",
        "clothes.white": "layer",
        "earring": "accent",
        "mouth.white": "plain",
        "#fc909f": "mouth",
        "#fcfdff": "plain",
    },
    outlines={"earring": 3},
    left_out={
        "hair": ("dougFunny", "mrClean", "mrT"),
        "facialHair": ("*",),
        "eyes": ("eyesShadow",),
    },
    variants={"hair.turban": {"hair": "accent"}},
)

# ToonHead, by Johan Melin: busts like those of cartoons on television. It is held out whole
# (`holdout.UNSEEN`), and so no part of it is a main one.
TOON_HEAD = Rules(
    roles={
        "skin": "skin",
        "hair": "hair",
        "eyebrows.hair": "ink",
        "clothes": "top",
        "#cbecf7": "layer",
        "#f6f1e4": "plain",
        "#e0564b": "mouth",
        "#611519": "mouth",
    },
    outlines={"skin": 6, "hair": 6, "clothes": 6, "#cbecf7": 6},
    main=(),
)

STYLES = {
    "adventurer": ADVENTURER,
    "notionists": NOTIONISTS,
    "lorelei": LORELEI,
    "open-peeps": OPEN_PEEPS,
    "micah": MICAH,
    "toon-head": TOON_HEAD,
}
