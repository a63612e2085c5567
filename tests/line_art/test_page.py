"""The page: panels, margins, bubbles and lettering stay paper; clothes and faces do not."""

import cv2
import numpy as np
import pytest

from tf_deeppaint.line_art.regions import PAGE, find_regions

SIDE = 400


def page() -> np.ndarray:
    return np.full((SIDE, SIDE), 255, np.uint8)


def figure(sketch: np.ndarray, x: int = 200, y: int = 240) -> np.ndarray:
    """A head with two eyes and a mouth, on a body."""
    cv2.circle(sketch, (x, y), 50, 0, 3)
    for side in (-20, 20):
        cv2.circle(sketch, (x + side, y), 9, 0, 3)
    cv2.ellipse(sketch, (x, y + 25), (12, 6), 0, 0, 180, 0, 2)
    cv2.rectangle(sketch, (x - 45, y + 50), (x + 45, y + 130), 0, 3)
    return sketch


def write(sketch: np.ndarray, text: str, x: int, y: int, scale: float = 0.7) -> None:
    cv2.putText(sketch, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, scale, 0, 2, cv2.LINE_AA)


def bubble(sketch: np.ndarray, text: str, x: int = 110, y: int = 70) -> np.ndarray:
    cv2.ellipse(sketch, (x, y), (90, 45), 0, 0, 360, 0, 3)
    write(sketch, text, x - 60, y + 8)
    return sketch


def test_the_figure_is_not_the_page_and_what_is_around_it_is() -> None:
    regions = find_regions(figure(page()))
    assert regions[5, 5] == PAGE
    for place in ((200, 200), (240, 180), (330, 200)):
        assert regions[place] > PAGE


@pytest.mark.parametrize("frame", [4, 8, 20, 60])
def test_a_panel_and_its_margin_are_the_page(frame) -> None:
    sketch = figure(page())
    cv2.rectangle(sketch, (frame, frame), (SIDE - 1 - frame, SIDE - 1 - frame), 0, 4)
    regions = find_regions(sketch)
    assert regions[100, 100] == PAGE and regions[0, 0] == PAGE and regions[200, 0] == PAGE
    assert regions[330, 200] > PAGE


def test_several_panels_are_the_page() -> None:
    sketch = page()
    for left in (10, 205):
        cv2.rectangle(sketch, (left, 10), (left + 180, 390), 0, 3)
        figure(sketch, left + 90)
    regions = find_regions(sketch)
    assert regions[60, 60] == PAGE and regions[60, 300] == PAGE
    assert regions[330, 100] > PAGE and regions[330, 295] > PAGE


def test_an_empty_box_is_no_panel_and_a_tilted_one_neither() -> None:
    sketch = page()
    cv2.rectangle(sketch, (50, 50), (250, 350), 0, 3)
    assert find_regions(sketch)[100, 100] > PAGE
    box = cv2.boxPoints(((200, 200), (260, 260), 15)).astype(np.int32)
    sketch = figure(page(), y=170)
    cv2.polylines(sketch, [box], True, 0, 3)
    assert find_regions(sketch)[200, 110] > PAGE


@pytest.mark.parametrize("text", ["WHAT?", "HELLO", "Oh, no!", "GO ON"])
def test_a_speech_bubble_stays_paper_with_all_that_letters_enclose(text) -> None:
    sketch = bubble(figure(page()), text)
    regions = find_regions(sketch)
    assert (np.unique(regions[45:95, 60:160]) <= PAGE).all()
    assert regions[240, 180] > PAGE


def test_a_bubble_in_a_panel_stays_paper() -> None:
    sketch = bubble(figure(page()), "WHAT?")
    cv2.rectangle(sketch, (4, 4), (SIDE - 5, SIDE - 5), 0, 4)
    regions = find_regions(sketch)
    assert (np.unique(regions[45:95, 60:160]) <= PAGE).all() and regions[200, 20] == PAGE


def test_lettering_on_the_page_encloses_paper() -> None:
    sketch = figure(page())
    write(sketch, "BOOM", 60, 80, 1.2)
    regions = find_regions(sketch)
    assert (np.unique(regions[40:100, 40:250]) <= PAGE).all()


def test_a_bubble_without_text_and_a_face_are_regions() -> None:
    regions = find_regions(bubble(figure(page()), ""))
    assert regions[70, 110] > PAGE and regions[205, 200] > PAGE


def test_a_shirt_with_lettering_is_clothing() -> None:
    sketch = page()
    shirt = [(150, 150), (250, 150), (250, 290), (150, 290)]
    for points in (
        shirt,
        [(90, 150), (150, 150), (150, 290), (90, 290)],
        [(250, 150), (310, 150), (310, 290), (250, 290)],
        [(150, 290), (250, 290), (250, 380), (150, 380)],
    ):
        cv2.polylines(sketch, [np.array(points)], True, 0, 3)
    cv2.circle(sketch, (200, 100), 50, 0, 3)
    write(sketch, "COOL", 168, 220, 0.8)
    assert find_regions(sketch)[270, 200] > PAGE


def test_hatching_is_no_lettering() -> None:
    sketch = figure(page())
    for x in range(170, 232, 6):
        cv2.line(sketch, (x, 300), (x + 3, 330), 0, 1)
    assert find_regions(sketch)[360, 200] > PAGE
