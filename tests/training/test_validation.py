"""What a model in training paints, as sheets."""

import numpy as np

from tf_deeppaint import DeepPaint, Discriminator, Generator
from tf_deeppaint.images.pixels import from_signed_unit_range
from tf_deeppaint.networks.unet import UNet
from tf_deeppaint.palette.swatches import draw_palette
from tf_deeppaint.training.validation import draw_attention, draw_samples
from tf_deeppaint.visualization.contact_sheets import CELL, GAP

SIZE = 64


def some_batch(count: int) -> dict:
    """Sketches and pictures of one color each, and palettes."""
    rng = np.random.default_rng(0)
    shapes = {"sketch": (1, 1, 1), "palette": (4, 4, 3), "picture": (1, 1, 3)}
    batch = {
        key: rng.uniform(-1, 1, (count, *shape)).astype("float32") for key, shape in shapes.items()
    }
    return batch | {
        key: np.broadcast_to(batch[key], (count, SIZE, SIZE, 3)) for key in ("sketch", "picture")
    }


def cells(drawn: np.ndarray, rows: int, columns: int) -> list[list[np.ndarray]]:
    step = CELL + GAP
    assert drawn.shape == (rows * step + GAP, columns * step + GAP, 3)
    return [
        [drawn[y * step + GAP :, x * step + GAP :][:CELL, :CELL] for x in range(columns)]
        for y in range(rows)
    ]


def first_color(batch: dict, training: bool) -> np.ndarray:
    """Stands in for a model: paints every sketch in its palette's first color."""
    assert not training
    return np.broadcast_to(batch["palette"][:, 0, 0][:, None, None], batch["sketch"].shape)


def test_samples_are_painted_with_the_own_palette_and_the_next_ones() -> None:
    batch = some_batch(3)
    sketches, palettes, truth = (
        from_signed_unit_range(batch[key]) for key in ("sketch", "palette", "picture")
    )
    for i, shown in enumerate(cells(draw_samples(first_color, batch), 3, 7)):
        following = (i + 1) % 3
        assert (shown[0] == sketches[i, 0, 0]).all()
        assert np.array_equal(shown[1], draw_palette(palettes[i], CELL))
        assert (shown[2] == palettes[i, 0, 0]).all()
        assert (shown[3] == truth[i, 0, 0]).all()
        assert (shown[4] == truth[following, 0, 0]).all()
        assert np.array_equal(shown[5], draw_palette(palettes[following], CELL))
        assert (shown[6] == palettes[following, 0, 0]).all()


def test_attention_is_shown_of_every_gate() -> None:
    model = DeepPaint(Generator(2, size=SIZE, seed=1), Discriminator(2), pool_size=0)
    for gate in model.generator.attention:
        # Whatever a gate sees, it lets a quarter pass: sigmoid(-log(3)).
        gate.psi.kernel.assign(0 * gate.psi.kernel)
        gate.psi.bias.assign([-np.log(3.0)])
    batch = some_batch(2)
    for shown, sketch in zip(
        cells(draw_attention(model, batch), 2, 7),
        from_signed_unit_range(batch["sketch"]),
        strict=True,
    ):
        assert (shown[0] == sketch[0, 0]).all()
        assert all((level == 64).all() for level in shown[1:])


def test_without_gates_there_is_no_attention_to_show() -> None:
    for generator in (UNet(2, size=SIZE), Generator(2, size=SIZE, gated=False)):
        model = DeepPaint(generator, Discriminator(2), pool_size=0)
        assert draw_attention(model, some_batch(1)) is None
