"""Options of a program, declared once: flags and checks come from the fields of a dataclass.

    @dataclasses.dataclass(frozen=True)
    class Options:
        size: int = option(256, "Side of the pictures in pixels.", lower=64, multiple_of=64)
        fit: str = option("pad", "Pad pictures that are not square, or crop.", ["pad", "crop"])
        sketch: tuple[str, ...] = option(("own",), "Styles of the sketches.", STYLES)

    define_flags(Options)                     # --size, --fit, --sketch
    options = Options(**flag_values(Options))
    check_options(options)

A field is a `bool`, `int`, `float`, `str`, one of these or None, or a tuple of strings, which is a
comma-separated flag. A field without a default must be given.
"""

import dataclasses
import math
import os
import typing
from collections.abc import Sequence

from absl import flags

from tf_deeppaint.utils.errors import DeepPaintError

# The module that calls `define_flags` claims its flags, so that its --help lists them.
flags.disclaim_key_flags()


class AutoFlag(flags.EnumFlag):
    """A flag that is auto, on or off; as of a boolean flag, `--name` is on and `--noname` off.

    Args:
        name: The flag's name.
        help: What is done on its own, always or never.
    """

    CHOICES = ("auto", "on", "off")

    def __init__(self, name: str, help: str):
        super().__init__(name, "auto", help, self.CHOICES, case_sensitive=False, boolean=True)

    def _parse(self, argument: str) -> str | None:
        try:
            return ("off", "on")[flags.BooleanParser().parse(argument)]
        except (TypeError, ValueError):
            return super()._parse(argument)

    def _serialize(self, value: str | None) -> str:
        return f"--{self.name}={value}"


def option(
    default: object = dataclasses.MISSING,
    help: str = "",
    choices: Sequence[str] = (),
    *,
    lower: float | None = None,
    upper: float | None = None,
    multiple_of: int | None = None,
) -> typing.Any:
    """Declares a field of a dataclass of options.

    Args:
        default: The value where none is given; without one the option is required.
        help: What the option means, in full sentences.
        choices: The values that are allowed, of a tuple for each of its items; empty: any.
        lower: The least number allowed.
        upper: The greatest number allowed.
        multiple_of: What a whole number must be a multiple of.
    """
    bounds = {"lower": lower, "upper": upper, "multiple_of": multiple_of}
    metadata = {"help": help, "choices": tuple(choices), **bounds}
    return dataclasses.field(default=default, metadata=metadata)


def define_flags(
    options: type, required: bool = True, registry: flags.FlagValues = flags.FLAGS
) -> None:
    """Defines an absl flag for each field of a dataclass, under the field's name.

    With `required`, a flag must be given where its field has no default.
    """
    kinds = typing.get_type_hints(options)
    for field in dataclasses.fields(options):
        kind, metadata = kinds[field.name], field.metadata
        if type(None) in typing.get_args(kind):
            kind = typing.get_args(kind)[0]
        has_default = field.default is not dataclasses.MISSING
        default = field.default if has_default else None
        extra = {"required": required and not has_default, "flag_values": registry}
        if kind is bool:
            define = flags.DEFINE_bool
        elif kind in (int, float):
            define = flags.DEFINE_integer if kind is int else flags.DEFINE_float
            extra |= {"lower_bound": metadata["lower"], "upper_bound": metadata["upper"]}
        elif typing.get_origin(kind) is tuple:
            define, default = flags.DEFINE_list, list(default) if has_default else None
        elif metadata["choices"]:
            define, extra["enum_values"] = flags.DEFINE_enum, list(metadata["choices"])
        else:
            define = flags.DEFINE_string
        define(name=field.name, default=default, help=metadata["help"], **extra)
        if (step := metadata["multiple_of"]) is not None:
            flags.register_validator(
                field.name,
                lambda value, step=step: value is None or value % step == 0,
                f"must be a multiple of {step}",
                flag_values=registry,
            )


def flag_values(
    options: type, only_given: bool = False, registry: flags.FlagValues = flags.FLAGS
) -> dict[str, object]:
    """The values of the flags that `define_flags` made, by name.

    With `only_given`, flags that are not on the command line are left out.
    """
    values = {}
    for field in dataclasses.fields(options):
        flag = registry[field.name]
        if flag.present or not only_given:
            values[field.name] = tuple(flag.value) if isinstance(flag.value, list) else flag.value
    return values


def as_tuple(values: str | os.PathLike | Sequence) -> tuple:
    """Values as a tuple; a string or path is one value, where a list of one is meant."""
    return (values,) if isinstance(values, str | os.PathLike) else tuple(values)


def check_options(options: object) -> None:
    """Checks the values of a dataclass of options, wherever they come from.

    Raises:
        DeepPaintError: a value is out of its bounds or none of its choices; the message names the
            flag of the field.
    """
    for field in dataclasses.fields(options):
        value = getattr(options, field.name)
        if reason := _reason_to_refuse(value, field.metadata):
            shown = ",".join(value) if isinstance(value, tuple | list) else value
            raise DeepPaintError(f"--{field.name}={shown}: {reason}")


def _reason_to_refuse(value: object, metadata: typing.Mapping) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "a finite number is needed"
    if isinstance(value, int | float):
        lower, upper, step = (metadata.get(key) for key in ("lower", "upper", "multiple_of"))
        if step is not None and value % step:
            return f"a multiple of {step} is needed"
        if lower is not None and value < lower:
            return f"must be at least {lower}"
        if upper is not None and value > upper:
            return f"must be at most {upper}"
    choices, is_list = metadata.get("choices"), isinstance(value, tuple | list)
    if choices and value is not None and not set(value if is_list else [value]) <= set(choices):
        return f"choose {'from' if is_list else 'one of'} {', '.join(choices)}"
    return ""
