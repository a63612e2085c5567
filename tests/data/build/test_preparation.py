"""Preparation of one example: what is fitted, drawn and extracted, against plain recomputation."""

import pickle

import cv2
import numpy as np
import pytest

from tests.helpers.sketches import draw_sketch
from tf_deeppaint.data.build.config import BuildConfig
from tf_deeppaint.data.build.plan import InspectionResult, PlannedExample
from tf_deeppaint.data.build.preparation import InspectTask, PrepareTask
from tf_deeppaint.data.sources.base import Example, Inspection, LoadedExample, Origin, Skipped
from tf_deeppaint.images.canvas import fit_to_canvas, resize
from tf_deeppaint.images.perceptual_hash import perceptual_hash
from tf_deeppaint.palette.extraction import extract_palette
from tf_deeppaint.utils.errors import DeepPaintError

SHAPES = {"wide": (60, 120), "tall": (200, 50), "square": (64, 64), "small": (16, 12)}
GIVEN = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)


def picture_of(name: str) -> np.ndarray:
    rng = np.random.default_rng(len(name))
    return resize(rng.integers(0, 256, (5, 5, 3), dtype=np.uint8), *SHAPES[name])


class Shapes:
    """Pictures of several shapes, with lines and palettes where these are asked for."""

    origin = Origin("shapes", "Shapes", "CC0-1.0", "", "")

    def __init__(self, lines=False, palette=None, digest=""):
        self.lines = lines
        self.palette = palette
        self.digest = digest

    def inspect(self, example):
        if example.name == "dull":
            return Skipped("too dull")
        if example.name == "bad":
            raise DeepPaintError("bad: is cut off", "cut off")
        picture = picture_of(example.name)
        return Inspection("d" * 64, picture, *picture.shape[:2])

    def load(self, example, size):
        if example.name in ("bad", "gone"):
            raise DeepPaintError(
                f"{example.name}: no", {"bad": "damaged", "gone": "missing"}[example.name]
            )
        picture = picture_of(example.name)
        sketch = 255 - picture[..., 0] if self.lines else None
        return LoadedExample(picture, sketch, self.digest, self.palette)


def decode(png: bytes) -> np.ndarray:
    return cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_UNCHANGED)


def records_of(source: Shapes, config: BuildConfig, names=tuple(SHAPES)) -> dict:
    """Sketches, picture and palette of each example, decoded."""
    planned = [PlannedExample(Example(name, 0, f"group of {name}"), "") for name in names]
    prepared = PrepareTask(source, config, False)(planned)
    found = {}
    for name, item in zip(names, prepared, strict=True):
        assert item.record["name"] == [f"shapes/{name}".encode()]
        assert item.record["group"] == [f"group of {name}".encode()]
        found[name] = (
            [decode(png) for png in item.record["sketch"]],
            decode(item.record["picture"][0])[..., ::-1],
            decode(item.record["histogram"][0])[..., ::-1],
        )
    return found


@pytest.mark.parametrize("fit", ["pad", "crop"])
@pytest.mark.parametrize("limit", [1.0, 2.0, 100.0])
def test_pictures_are_fitted_as_the_config_says(fit, limit):
    config = BuildConfig(64, "keep", ("thin",), fit=fit, max_enlargement=limit)
    for name, ((sketch,), picture, palette) in records_of(Shapes(), config).items():
        expected, _ = fit_to_canvas(picture_of(name), 64, fit, limit)
        assert np.array_equal(picture, expected)
        assert np.array_equal(sketch, draw_sketch(expected, "thin"))
        assert np.array_equal(palette, extract_palette(expected, "keep"))


def test_own_lines_are_fitted_like_the_picture():
    config = BuildConfig(64, "drop", ("own",), fit="crop")
    for name, ((sketch,), picture, _) in records_of(Shapes(lines=True), config).items():
        # The lines were made of the picture, so that they must still match it.
        inside = picture[..., 0] < 255
        assert np.abs(255 - picture[..., 0].astype(int) - sketch)[inside].max() <= 1, name


def test_several_styles_are_stored_in_their_order():
    found = records_of(Shapes(lines=True), BuildConfig(64, "drop", ("soft", "own", "thin")))
    for name, (sketches, picture, _) in found.items():
        lines, _ = fit_to_canvas(255 - picture_of(name)[..., 0], 64, max_enlargement=2.0)
        for sketch, expected in zip(
            sketches,
            [draw_sketch(picture, "soft"), lines, draw_sketch(picture, "thin")],
            strict=True,
        ):
            assert np.array_equal(sketch, expected)


def test_where_there_are_no_own_lines_a_mixture_takes_their_place():
    own = records_of(Shapes(), BuildConfig(64, "drop", ("own",)))
    mixture = records_of(Shapes(), BuildConfig(64, "drop", ("mixture",)))
    for name in SHAPES:
        assert np.array_equal(own[name][0][0], mixture[name][0][0])


def test_a_record_depends_on_no_other_example():
    config = BuildConfig(64, "drop", ("mixture", "xdog"))
    together = records_of(Shapes(), config)
    for name in SHAPES:
        alone = records_of(Shapes(), config, (name,))[name]
        for one, other in zip(together[name][0], alone[0], strict=True):
            assert np.array_equal(one, other)


@pytest.mark.parametrize(
    ("background", "fit", "used"),
    [
        ("drop", "pad", {"wide", "tall", "square", "small"}),
        ("drop", "crop", {"square"}),
        ("white", "pad", set()),
    ],
)
def test_a_given_palette_is_used_where_it_fits(background, fit, used):
    config = BuildConfig(64, background, ("thin",), fit=fit)
    found = records_of(Shapes(palette=GIVEN), config)
    assert {name for name, (*_, p) in found.items() if np.array_equal(p, GIVEN)} == used


# --- bad and changed examples -------------------------------------------------------------------


def test_a_bad_example_is_counted_and_the_rest_goes_on():
    names = ("wide", "bad", "tall")
    planned = [PlannedExample(Example(name, 0, "g"), "") for name in names]
    first, bad, last = PrepareTask(Shapes(), BuildConfig(64, "drop"), False)(planned)
    assert first.record["name"] == [b"shapes/wide"] and last.record["name"] == [b"shapes/tall"]
    assert bad == (None, "damaged", "bad: no")


def test_strictly_the_first_bad_example_raises():
    with pytest.raises(DeepPaintError, match=r"^bad: no$"):
        PrepareTask(Shapes(), BuildConfig(64, "drop"), True)([PlannedExample(Example("bad"), "")])
    with pytest.raises(DeepPaintError, match="cut off"):
        InspectTask(Shapes(), 1, True)([(1, Example("bad"))])


@pytest.mark.parametrize("name", ["wide", "gone"])
def test_an_example_that_changed_since_its_inspection_stops_everything(name):
    source = Shapes(digest="other")
    planned = [PlannedExample(Example(name), "planned")]
    with pytest.raises(DeepPaintError, match=f"^{name}: has changed since this build began"):
        PrepareTask(source, BuildConfig(64, "drop"), False)(planned)


def test_inspections_give_the_perceptual_hash_or_a_reason():
    names = ("square", "dull", "bad", "small")
    found = InspectTask(Shapes(), 32, False)([(n, Example(name)) for n, name in enumerate(names)])
    assert found == [
        (0, InspectionResult("d" * 64, perceptual_hash(picture_of("square")))),
        (1, InspectionResult(skipped="too dull")),
        (2, InspectionResult(skipped="cut off", complaint="bad: is cut off")),
        (3, InspectionResult(skipped="smaller than 32 pixels")),
    ]


def test_tasks_and_their_errors_travel_between_processes():
    task = PrepareTask(Shapes(lines=True), BuildConfig(64, "drop"), True)
    again = pickle.loads(pickle.dumps(task))
    planned = [PlannedExample(Example("wide", 0, "g"), "")]
    assert again(planned) == task(planned)
    error = pickle.loads(pickle.dumps(DeepPaintError("what", "kind")))
    assert (str(error), error.kind) == ("what", "kind")
