"""Colors line art from the palette of a reference picture.

The names below are imported on first use: `import tf_deeppaint` costs no TensorFlow. Keras learns
the names of the classes that files hold as soon as both are imported, in any order: then
`keras.saving.load_model` finds them, and imports them when it meets one.
"""

import importlib

from tf_deeppaint.utils.imports import after_import

__version__ = "0.1.0"

_HOMES = {
    "ColorMatcher": "networks.matcher.color_matcher",
    "ColorMatching": "training.matching.color_matching",
    "DeepPaint": "training.gan.deep_paint",
    "DeepPaintError": "utils.errors",
    "Discriminator": "networks.discriminator",
    "Generator": "networks.generator",
    "Painter": "painting.painter",
    "PaintingNetwork": "networks.base",
    "UNet": "networks.unet",
    "extract_palette": "palette.extraction",
    "palette_to_histogram": "palette.extraction",
}

# Modules under a name of their own.
_MODULES = {"datasets": "data.loading"}

__all__ = ["__version__", *sorted(_HOMES | _MODULES)]


def __getattr__(name: str):
    if name in _MODULES:
        return importlib.import_module(f"{__name__}.{_MODULES[name]}")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__


# The classes that Keras's files name, by the modules that register them.
_KERAS_CLASSES = {
    "networks.blocks": ("AttentionGate", "DownBlock", "UpBlock"),
    "networks.convolution": ("SpectralConv",),
    "networks.discriminator": ("Discriminator",),
    "networks.generator": ("Generator",),
    "networks.heads": ("PaletteMixture",),
    "networks.matcher.blocks": ("AttentionBlock", "ResidualBlock"),
    "networks.matcher.color_matcher": ("ColorMatcher",),
    "networks.normalization": ("BatchNormalization",),
    "networks.unet": ("UNet",),
    "training.gan.deep_paint": ("DeepPaint",),
    "training.matching.color_matching": ("ColorMatching",),
    "training.optimizers": ("Adam", "GuardedOptimizer"),
}


def _register_stand_ins() -> None:
    """Registers, for each class, a stand-in that imports it when Keras makes an instance.

    To import the classes here would be in vain or go in circles where one of their modules is what
    imports Keras. The module of a class puts it in the place of its stand-in.
    """
    known = importlib.import_module("keras").saving.get_custom_objects()
    for module, names in _KERAS_CLASSES.items():
        for name in names:
            known.setdefault(f"{__name__}>{name}", _make_stand_in(module, name))


def _make_stand_in(module: str, name: str) -> type:
    def from_config(cls, *arguments, **options):
        real = getattr(importlib.import_module(f"{__name__}.{module}"), name)
        return real.from_config(*arguments, **options)

    return type(name, (), {"from_config": classmethod(from_config)})


after_import("keras", _register_stand_ins)
