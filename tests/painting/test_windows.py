"""Strips: every figure whole in a window, one color in a region, and no step where windows meet."""

import cv2
import numpy as np
import pytest

from tests.helpers.painters import FakeBackend
from tf_deeppaint import Painter
from tf_deeppaint.images import strips
from tf_deeppaint.images.decoding import read_picture
from tf_deeppaint.images.encoding import write_picture
from tf_deeppaint.line_art.regions import PAGE
from tf_deeppaint.painting import painting as painting_module
from tf_deeppaint.painting.batch import paint_jobs
from tf_deeppaint.painting.jobs import Job
from tf_deeppaint.painting.outputs import Outputs, write_painting
from tf_deeppaint.painting.prediction import Prediction, make_predictions
from tf_deeppaint.painting.windows import blend, plan_windows
from tf_deeppaint.palette.mixing import SLOTS
from tf_deeppaint.utils.errors import DeepPaintError

SIZE, SIDE = 32, 96
PALETTE = np.random.default_rng(3).integers(60, 250, (4, 4, 3), dtype=np.uint8)
BRIGHT = np.full((4, 4, 3), 190, np.uint8)


class Sloping(FakeBackend):
    """Says of the upper and lower half of each window other colors, and shades it from row to row.

    Attributes:
        views: The windows it has seen.
    """

    def __init__(self):
        super().__init__(SIZE)
        self.views: list[np.ndarray] = []

    def run(self, sketches: np.ndarray, palettes: np.ndarray) -> list[Prediction]:
        self.views += list(sketches)
        weights = np.zeros((*sketches.shape, SLOTS), np.float32)
        weights[:, : SIZE // 2, :, 0] = weights[:, SIZE // 2 :, :, 5] = 1
        shade = np.broadcast_to(np.linspace(0.7, 1.3, SIZE)[:, None, None], (*sketches.shape, 1))
        outputs = {"weights": weights, "shade": shade.astype(np.float32), "ink": 0 * shade}
        return make_predictions(outputs, sketches, palettes)


def figure() -> np.ndarray:
    """A panel: three boxes, one above the other, that fill it but for some paper around them."""
    panel = np.full((SIDE, SIDE), 255, np.uint8)
    for top, left, right in ((4, 30, 60), (34, 15, 80), (64, 30, 75)):
        cv2.rectangle(panel, (left, top), (right, top + 30), 0, 2)
    return panel


def band(length: int) -> np.ndarray:
    """A strip with a band from end to end between two lines, and nowhere blank."""
    strip = np.full((length, SIDE), 255, np.uint8)
    strip[:, [30, 31, 70, 71]] = 0
    return strip


def scattered(seed: int) -> np.ndarray:
    """A strip's canvas of drawings as long as chance has it, some with blank rows between them."""
    rng = np.random.default_rng(seed)
    canvas = np.full((int(rng.integers(2 * SIZE, 20 * SIZE)), SIZE), 255, np.uint8)
    row = 0
    while row < len(canvas):
        length = int(rng.integers(1, 3 * SIZE))
        canvas[row : row + length, 3:9] = 0
        row += length + int(rng.integers(0, SIZE))
    return canvas


@pytest.mark.parametrize("seed", range(20))
def test_windows_share_every_row_and_a_drawn_one_is_seen(seed) -> None:
    canvas = scattered(seed)
    windows, rows = plan_windows(canvas, SIZE), np.arange(len(canvas))
    shares = np.stack([window.share(rows) for window in windows])
    np.testing.assert_allclose(shares.sum(axis=0), 1, atol=1e-6)
    for row in np.flatnonzero(canvas.min(axis=1) < 255):
        window = windows[shares[:, row].argmax()]
        assert window.start <= row < window.start + SIZE
        assert window.shown[0] <= row < window.shown[1]


@pytest.mark.parametrize("gap", [4, 20, 150])
def test_no_figure_is_cut_that_fits_into_a_window(gap) -> None:
    lengths = [20, 31, 9, 32, 14, 14, 25]
    canvas = np.full((gap * 8 + sum(lengths), SIZE), 255, np.uint8)
    row, figures = gap, []
    for length in lengths:
        canvas[row : row + length, 5:20] = 0
        figures.append((row, row + length))
        row += length + gap
    windows = plan_windows(canvas, SIZE)
    for top, bottom in figures:
        shares = np.stack([window.share(np.arange(top, bottom)) for window in windows])
        window = windows[shares.mean(axis=1).argmax()]
        assert shares.mean(axis=1).max() > 0.8
        assert window.start <= top and bottom <= window.start + SIZE


def test_a_drawing_without_blank_rows_has_windows_that_overlap_by_a_quarter() -> None:
    starts = [
        window.start
        for window in plan_windows(np.zeros((300, SIZE), np.uint8) + band(1)[:, :SIZE], SIZE)
    ]
    assert starts[0] == 0 and starts[-1] == 300 - SIZE
    assert max(np.diff(starts)) <= SIZE - SIZE // 4


@pytest.mark.parametrize("is_wide", [False, True])
def test_each_panel_is_painted_as_if_it_were_alone(is_wide) -> None:
    backend = FakeBackend(SIZE)
    painter, panel = Painter(backend), figure()
    alone = painter.paint(panel, colors=PALETTE)
    assert len(np.unique(alone.reshape(-1, 3), axis=0)) >= 4  # each box has another color
    axis = 1 if is_wide else 0
    picture = painter.paint(np.concatenate([panel] * 5, axis), colors=PALETTE)
    for part in np.split(picture, 5, axis):
        assert (np.abs(part.astype(int) - alone).max(axis=-1) <= 2).mean() > 0.99
    assert backend.batches == [1, 5]


def test_a_region_has_one_color_whatever_the_windows_say() -> None:
    painter = Painter(Sloping())
    painting = painter.make_paintings([band(900)], PALETTE[None])[0]
    labels = np.unique(painting.regions.labels[:, 40:60])
    assert len(labels) == 1 and labels[0] > PAGE
    assert painting.regions.mixtures[labels[0]].argmax() in (0, 5)


def test_no_step_is_where_windows_meet() -> None:
    """Shade falls back from 1.3 to 0.7 from one window to the next: over a quarter, or at once."""
    picture = Painter(Sloping()).paint(band(900), colors=BRIGHT)[:, 50, 0].astype(int)
    assert np.ptp(picture) > 40
    assert np.abs(np.diff(picture)).max() < 10


def test_no_step_is_where_a_strip_is_cut() -> None:
    """It is cut in the middle of each region between two waves, and fades there too."""
    strip = np.full((920, SIDE), 255, np.uint8)
    x = np.arange(SIDE)
    waves = range(40, 920, 72)
    for middle in waves:
        y = middle + np.rint(12 * np.sin(x / 5)).astype(int)
        for thick in range(3):
            strip[y + thick, x] = 0
    backend = Sloping()
    painting = Painter(backend).make_paintings([strip], BRIGHT[None])[0]
    windows = plan_windows(painting.prediction.canvas, SIZE)
    cuts = [3 * window.fades[0][0] for window in windows[1:]]
    assert len(cuts) == len(waves) - 1
    picture = painting.picture()[:, 50, 0].astype(int)
    for cut in cuts:
        assert painting.regions.labels[cut - 15 : cut + 15, 50].min() > PAGE
        part = picture[cut - 15 : cut + 15]
        assert np.ptp(part) > 20 and np.abs(np.diff(part)).max() < 25


def test_a_wide_page_is_a_strip_turned() -> None:
    canvas = scattered(1)

    def run(windows: np.ndarray) -> list[dict[str, np.ndarray]]:
        return [{"values": window[..., None] * np.float32(0.5)} for window in windows]

    upright, wide = blend(canvas, SIZE, run)["values"], blend(canvas.T, SIZE, run)["values"]
    np.testing.assert_array_equal(upright.swapaxes(0, 1), wide)
    drawn = canvas.min(axis=1) < 255
    assert np.abs(upright[drawn, :, 0] - canvas[drawn] / 2).mean() < 5


@pytest.mark.parametrize("shape", [(300, 100), (100, 300), (60, 900), (5, 4000)])
def test_attention_and_recoloring_work_on_strips(shape) -> None:
    painter = Painter(FakeBackend(SIZE))
    sketch = np.full(shape, 255, np.uint8)
    sketch[::20, ::3] = 0
    painting = painter.make_paintings([sketch], PALETTE[None])[0]
    for level in painter.attention(painting):
        assert level.shape == (painting.placement.height, painting.placement.width)
    recolored = painting.recolor(PALETTE[::-1].copy()).picture()
    expected = painter.paint(sketch, colors=PALETTE[::-1].copy())
    np.testing.assert_array_equal(recolored, expected)


def test_a_large_strip_is_the_same_picture_part_by_part(monkeypatch) -> None:
    sketch = np.concatenate([cv2.resize(figure(), (770, 770))] * 3)[:1601]  # two pixels to a cell
    painting = Painter(FakeBackend(SIZE)).make_paintings([sketch], PALETTE[None])[0]
    expected = painting.picture()
    monkeypatch.setattr(strips, "LARGE", 10**6)
    monkeypatch.setattr(painting_module, "PART", 300 * 770)
    parts = list(painting.parts())
    assert len(parts) > 5
    np.testing.assert_allclose(np.concatenate(parts).astype(int), expected, atol=1)
    np.testing.assert_array_equal(painting.picture(), np.concatenate(parts))
    with pytest.raises(DeepPaintError, match="too large for layers"):
        painting.layers()


def test_a_folder_with_large_strips_is_painted_as_each_alone(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(strips, "LARGE", 40_000)
    painter, jobs, painted = Painter(FakeBackend(SIZE)), [], {}
    for number in range(5):
        path = tmp_path / f"{number}.png"
        write_picture(path, np.concatenate([figure()] * (number + 1)))
        jobs.append(Job(str(path), None, str(number)))
    cut = tmp_path / "4.png"
    cut.write_bytes(cut.read_bytes()[:200])
    failures = paint_jobs(
        painter,
        jobs,
        lambda _: PALETTE,
        lambda job, painting: painted.update({job.name: painting.picture()}),
    )
    assert [failure.job for failure in failures] == jobs[4:]
    for job in jobs[:4]:
        np.testing.assert_array_equal(painted[job.name], painter.paint(job.sketch, colors=PALETTE))


@pytest.mark.parametrize("others", [{"layers": "x.ora"}, {"attention": "maps"}])
def test_layers_and_maps_of_a_large_strip_are_refused_by_name(
    tmp_path, monkeypatch, others
) -> None:
    painter = Painter(FakeBackend(SIZE))
    painting = painter.make_paintings([np.concatenate([figure()] * 3)], PALETTE[None])[0]
    monkeypatch.setattr(strips, "LARGE", 1000)
    outputs = Outputs(str(tmp_path / "x.png"), **{k: str(tmp_path / v) for k, v in others.items()})
    with pytest.raises(DeepPaintError, match=r"x\.png: .* too large for --layers and --attention"):
        write_painting(painter, painting, outputs, "original")
    assert not list(tmp_path.iterdir())
    write_painting(painter, painting, Outputs(outputs.picture), "original")
    np.testing.assert_array_equal(read_picture(outputs.picture), painting.picture())
