"""Patches: how pixels lie in cells, and the patches and contacts of a pixelwise flood fill."""

from collections import Counter

import numpy as np
import pytest

from tests.helpers.flood_fill import around, flood_fill
from tf_deeppaint.painting import patches
from tf_deeppaint.painting.patches import Axis, Patches


@pytest.mark.parametrize(
    "pixels, cells", [(1, 1), (5, 1), (5, 2), (7, 7), (16, 4), (33, 5), (100, 99)]
)
def test_an_axis_is_that_of_linear_interpolation(pixels, cells):
    axis = Axis.measure(pixels, cells)
    for pixel in range(pixels):
        place = (pixel + 0.5) * cells / pixels
        assert axis.cell[pixel] == int(place + 1e-9)
        before_middle = place - axis.cell[pixel] - 0.5
        assert axis.share[pixel] == pytest.approx(abs(before_middle), abs=1e-6)
        if abs(before_middle) > 1e-9:
            assert axis.side[pixel] == (0 if before_middle < 0 else 2)
    assert axis.lengths.tolist() == [Counter(axis.cell.tolist())[cell] for cell in range(cells)]
    assert axis.starts[0] == 0 and axis.starts[-1] == pixels


CASES = [
    (1, 1, 1, 1),
    (9, 14, 2, 3),
    (40, 33, 5, 4),
    (40, 33, 40, 33),
    (60, 7, 9, 1),
    (1, 50, 1, 6),
]


@pytest.mark.parametrize("height, width, h, w", CASES)
@pytest.mark.parametrize("strip", [1, 16, 256])
def test_patches_and_contacts_are_those_of_a_flood_fill(height, width, h, w, strip, monkeypatch):
    monkeypatch.setattr(patches, "STRIP", strip)
    paper = (np.random.default_rng(3).random((height, width)) < 0.65).astype(np.uint8)
    rows, columns = Axis.measure(height, h), Axis.measure(width, w)
    expected = flood_fill(paper, rows, columns)
    found = Patches(paper, rows, columns)
    numbers = np.vstack([found.numbers(strip) for strip in found.strips])
    assert numbers.shape == paper.shape
    patch_of = {numbers[place]: patch for place, patch in expected.items()}
    for y, x in np.ndindex(paper.shape):
        patch = expected.get((y, x), ())
        reaches_edge = any(
            (rows.cell[[y, p]] != rows.cell[[y, y]]).any()
            or (columns.cell[[x, q]] != columns.cell[[x, x]]).any()
            for y, x in patch
            for p, q in around(y, x)
            if 0 <= p < height and 0 <= q < width
        )
        on_border = any(y in (0, height - 1) or x in (0, width - 1) for y, x in patch)
        assert (numbers[y, x] > 0) == (reaches_edge or on_border)
        if numbers[y, x]:
            assert patch_of[numbers[y, x]] == patch
            cell = rows.cell[y] * w + columns.cell[x]
            area = np.sum(rows.cell == rows.cell[y]) * np.sum(columns.cell == columns.cell[x])
            assert found.cells[numbers[y, x]] == cell
            assert found.shares[numbers[y, x]] == pytest.approx(len(patch) / area)
    assert sorted(set(numbers.ravel()) | {0}) == list(range(len(found.cells)))
    sideways, downwards = (found.sideways, columns, (0, 1)), (found.downwards, rows, (1, 0))
    for contacts, axis, step in (sideways, downwards):
        pairs = Counter()
        for y, x in np.ndindex(paper.shape):
            q = y + step[0], x + step[1]
            inside = q[0] < height and q[1] < width
            if inside and axis.cell[(x, y)[step[0]]] != axis.cell[(q[1], q[0])[step[0]]]:
                pairs[numbers[y, x], numbers[q]] += 1
        pairs = {pair: count for pair, count in pairs.items() if all(pair)}
        assert {(a, b): n for a, b, n in contacts.T.tolist()} == pairs


def test_a_line_parts_a_cell_and_one_that_ends_within_does_not():
    paper = np.ones((8, 16), np.uint8)
    paper[4] = 0
    paper[4, 12:] = 1
    found = Patches(paper, Axis.measure(8, 1), Axis.measure(16, 2))
    assert found.cells.tolist() == [0, 0, 1, 0] or found.cells.tolist() == [0, 0, 0, 1]
    assert sorted(found.shares[1:]) == pytest.approx([3 * 8 / 64, 4 * 8 / 64, 60 / 64])
    assert found.sideways[2].tolist() == [4, 3] or found.sideways[2].tolist() == [3, 4]


def test_specks_inside_a_cell_have_no_number():
    paper = np.zeros((64, 64), np.uint8)
    paper[::2, ::2] = 1
    axis = Axis.measure(64, 4)
    found = Patches(paper, axis, axis)
    # Of each cell's 8 x 8 specks those of its first row and column reach an edge.
    assert len(found.cells) == 1 + 16 * 15
    assert not found.sideways.size and not found.downwards.size
