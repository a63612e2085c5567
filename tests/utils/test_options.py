"""Options declared once: the flags that come of them, and the values that are refused."""

import dataclasses

import pytest
from absl import flags

from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.options import AutoFlag, check_options, define_flags, flag_values, option


@dataclasses.dataclass(frozen=True)
class Cake:
    name: str = option(help="What it is called.")
    slices: int = option(8, "Slices.", lower=2, upper=64, multiple_of=2)
    sugar: float = option(0.5, "Share of sugar.", lower=0.0)
    kind: str = option("sponge", "Kind.", ["sponge", "yeast"])
    toppings: tuple[str, ...] = option(("nuts",), "On top.", ["nuts", "cream"])
    candles: bool = option(True, "Whether there are candles.")
    note: str | None = option(None, "A note.")
    weight: float | None = option(None, "Weight; None: as it comes.", lower=0.1)


def parse(*line: str, only_given: bool = False) -> dict:
    """The values of a command line by the flags of `Cake`."""
    registry = flags.FlagValues()
    define_flags(Cake, registry=registry)
    registry(["program", *line])
    return flag_values(Cake, only_given, registry)


def test_flags_have_the_names_defaults_and_types_of_the_fields():
    assert Cake(**parse("--name=plain")) == Cake("plain")


def test_flags_that_are_given_become_values_of_the_fields_type():
    values = parse(
        *("--name=x", "--slices=4", "--sugar=1", "--kind=yeast"),
        *("--toppings=cream,nuts", "--nocandles", "--note=n", "--weight=2"),
    )
    given = Cake("x", 4, 1.0, "yeast", ("cream", "nuts"), False, "n", 2.0)
    assert values == dataclasses.asdict(given)
    assert isinstance(values["sugar"], float) and isinstance(values["weight"], float)


def test_only_the_flags_on_the_command_line():
    assert parse("--name=x", "--toppings=", only_given=True) == {"name": "x", "toppings": ()}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["--slices=4"], "name"),
        (["--name=x", "--slices=1"], "slices"),
        (["--name=x", "--slices=66"], "slices"),
        (["--name=x", "--slices=5"], "multiple of 2"),
        (["--name=x", "--kind=rye"], "sponge"),
        (["--name=x", "--sugar=-1"], "sugar"),
        (["--name=x", "--weight=0"], "weight"),
    ],
)
def test_a_command_line_out_of_bounds_does_not_parse(line, message):
    with pytest.raises(flags.Error, match=message):
        parse(*line)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"slices": 0}, r"--slices=0: must be at least 2"),
        ({"slices": 66}, r"--slices=66: must be at most 64"),
        ({"slices": 7}, r"--slices=7: a multiple of 2"),
        ({"sugar": float("nan")}, r"--sugar=nan: a finite number"),
        ({"weight": 0.0}, r"--weight=0.0: must be at least 0.1"),
        ({"sugar": -0.1}, r"--sugar=-0.1: must be at least 0"),
        ({"kind": "rye"}, r"--kind=rye: choose one of sponge, yeast"),
        ({"toppings": ("nuts", "mud")}, r"--toppings=nuts,mud: choose from nuts, cream"),
    ],
)
def test_a_value_out_of_bounds_is_refused(changes, message):
    with pytest.raises(DeepPaintError, match=message):
        check_options(Cake("x", **changes))


def test_values_within_bounds_pass():
    check_options(Cake("x"))
    check_options(Cake("x", 2, 0.0, "yeast", (), False, "n"))
    check_options(Cake("x", 64, toppings=["cream"]))


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ([], "auto"),
        (["--clean=auto"], "auto"),
        (["--clean=ON"], "on"),
        (["--clean=off"], "off"),
        (["--clean"], "on"),
        (["--noclean"], "off"),
        (["--clean=true"], "on"),
        (["--clean=0"], "off"),
        (["-clean", "--noclean"], "off"),
    ],
)
def test_an_auto_flag_is_spelled_as_an_enum_or_a_boolean(line, value):
    registry = flags.FlagValues()
    flags.DEFINE_flag(AutoFlag("clean", "Whether to clean."), registry)
    registry(["program", *line])
    assert registry.clean == value
    again = flags.FlagValues()
    flags.DEFINE_flag(AutoFlag("clean", "Whether to clean."), again)
    again(["program", *registry.flags_into_string().split()])
    assert again.clean == value


def test_an_auto_flag_has_no_other_values():
    registry = flags.FlagValues()
    flags.DEFINE_flag(AutoFlag("clean", "Whether to clean."), registry)
    with pytest.raises(flags.Error, match=r"auto\|on\|off"):
        registry(["program", "--clean=sometimes"])
