"""The training of a color matcher: what a step changes, and that it learns."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_deeppaint.networks.matcher.color_matcher import ColorMatcher
from tf_deeppaint.training.matching.color_matching import ColorMatching
from tf_deeppaint.training.matching.losses import MatchingObjective

SIZE = 64


def make_model(seed: int = 1, **weights) -> ColorMatching:
    keras.utils.set_random_seed(seed)
    matcher = ColorMatcher(8, blocks=1, size=SIZE, background="figure")
    model = ColorMatching(matcher, MatchingObjective(**weights))
    model.compile(keras.optimizers.Adam(2e-3))
    return model


def make_batch(seed: int = 0) -> dict:
    """Two drawings: a square in the color of a band and rank of the palette, outlined."""
    rng = np.random.default_rng(seed)
    palette = rng.uniform(-1, 1, (2, 4, 4, 3)).astype("float32")
    sketch = np.ones((2, SIZE, SIZE, 3), "float32")
    picture = sketch.copy()
    parts = np.zeros((2, SIZE, SIZE), "int32")
    for n in range(2):
        sketch[n, 14:50, 14:50] = -1
        sketch[n, 16:48, 16:48] = 1
        picture[n] = sketch[n]
        picture[n, 16:48, 16:48] = palette[n, 1, n]
        parts[n, 16:48, 16:48] = 3
    arrays = {"sketch": sketch, "palette": palette, "picture": picture, "parts": parts}
    return {key: tf.constant(value) for key, value in arrays.items()}


@pytest.fixture(scope="module")
def trained() -> tuple[ColorMatching, list[dict]]:
    """A model after thirty steps of `fit` on one batch, and the losses of each step."""
    model, batches = make_model(parts_weight=0.3), tf.data.Dataset.from_tensors(make_batch())
    history = model.fit(batches, epochs=30, verbose=0, shuffle=False).history
    return model, [
        dict(zip(history, values, strict=True)) for values in zip(*history.values(), strict=True)
    ]


def test_it_learns_colors_and_parts(trained):
    model, history = trained
    assert history[-1]["color"] < 0.5 * history[0]["color"]
    assert history[-1]["parts"] < 0.5 * history[0]["parts"]
    assert int(model.steps) == 30 and int(model.skipped) == 0


def test_the_loss_is_the_weighted_sum_of_its_terms(trained):
    _, history = trained
    for step in history:
        total = step["color"] + 5.0 * step["l1"] + 0.3 * step["parts"]
        assert step["generator_loss"] == pytest.approx(total, rel=1e-5)


def test_without_their_weight_parts_are_not_asked_for():
    model, batch = make_model(), make_batch()
    del batch["parts"]
    before = [np.asarray(v) for v in model.parts_head.trainable_variables]
    result = model.train_step(batch)
    assert set(result) == {"color", "l1", "generator_loss"}
    for variable, value in zip(model.parts_head.trainable_variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)


def test_a_step_with_a_loss_that_is_not_finite_changes_nothing():
    model, batch = make_model(parts_weight=0.3), make_batch()
    batch["picture"] = batch["picture"] * np.nan
    before = [np.asarray(v) for v in model.trainable_variables]
    model.train_step(batch)
    assert int(model.skipped) == 1 and int(model.skipped_in_a_row) == 1
    for variable, value in zip(model.trainable_variables, before, strict=True):
        np.testing.assert_array_equal(variable, value)


def test_it_is_evaluated_by_l1(trained):
    (model, _), batch = trained, make_batch()
    del batch["parts"]
    expected = np.abs(batch["picture"] - model(batch)).mean()
    found = model.evaluate(tf.data.Dataset.from_tensors(batch), verbose=0, return_dict=True)
    assert found["l1"] == pytest.approx(float(expected), rel=1e-5)


def test_its_config_makes_it_again(trained):
    model, _ = trained
    copy = ColorMatching.from_config(model.get_config())
    assert copy.objective == model.objective
    assert copy.generator.get_config() == model.generator.get_config()
