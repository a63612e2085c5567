"""Works: one a page, forgotten once no page shows them, and which make room for others."""

import pytest

from tf_deeppaint.studio.work import works
from tf_deeppaint.studio.work.works import Works
from tf_deeppaint.utils.errors import DeepPaintError


class Clock:
    """Works at a time that the test tells."""

    def __init__(self, monkeypatch, most: int):
        self.now, self.awaited, self._patch = 1e6, set(), monkeypatch
        monkeypatch.setattr(works.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(works, "MAX_SESSIONS", most)
        self.works = Works(self.awaited.__contains__)

    def open(self, name: str, painted: str = ""):
        """A page of a name comes, a second later than the one before."""
        self.now += 1
        work = self.works.get(name.encode().hex().zfill(32), name)
        work.painted = work.painted or painted
        return work

    def are_kept(self, named: dict) -> list[bool]:
        """Which of the works of these names are still there; the last thing to ask."""
        self._patch.setattr(works, "MAX_SESSIONS", 10**6)
        return [self.open(name) is work for name, work in named.items()]


@pytest.fixture(name="clock")
def make_clock(monkeypatch) -> Clock:
    return Clock(monkeypatch, 4)


def test_pages_opened_in_a_loop_take_nothing_from_those_who_painted(clock):
    painted = {name: clock.open(name, "sketch.png") for name in ("anna", "boris")}
    clock.now += 3 * works.AT_WORK_SECONDS
    opened = {f"{n}": clock.open(f"{n}") for n in range(50)}
    assert clock.are_kept(painted | opened) == [True] * 2 + [False] * 48 + [True] * 2


def test_of_pages_on_which_nothing_was_painted_the_idle_longest_goes(clock):
    kept = {name: clock.open(name) for name in "abcd"}
    clock.open("a")
    clock.open("new")
    assert clock.are_kept(kept) == [True, False, True, True]


def test_of_paintings_the_one_left_alone_longest_goes_and_none_at_work(clock):
    kept = {name: clock.open(name, "sketch.png") for name in "abcd"}
    with pytest.raises(DeepPaintError, match="somebody is at work"):
        clock.open("new", "sketch.png")
    clock.now += works.AT_WORK_SECONDS
    clock.open("a")
    clock.open("new", "sketch.png")
    assert clock.are_kept(kept) == [True, False, True, True]


@pytest.mark.parametrize("awaited", ["ab", "bcd", "a"])
def test_a_page_that_waits_for_its_picture_stays_however_long(clock, awaited):
    kept = {name: clock.open(name, "sketch.png" * (name in "cd")) for name in "abcd"}
    clock.awaited |= set(awaited)
    clock.now += 100 * works.AT_WORK_SECONDS
    clock.open("new")
    gone = next(name for name in "abcd" if name not in awaited)
    assert clock.are_kept(kept) == [name != gone for name in "abcd"]


def test_a_picture_that_took_long_is_not_taken_away_once_it_is_there(clock):
    kept = {name: clock.open(name, "sketch.png") for name in "abcd"}
    clock.awaited.add("a")
    clock.now += 2 * works.AT_WORK_SECONDS
    clock.open("new", "sketch.png")
    clock.awaited.remove("a")
    clock.open("another", "sketch.png")
    assert clock.are_kept(kept) == [True, False, False, True]


def test_where_all_pages_wait_for_pictures_another_is_refused(clock):
    for name in "abcd":
        clock.open(name)
    clock.awaited |= set("abcd")
    clock.now += 100 * works.AT_WORK_SECONDS
    with pytest.raises(DeepPaintError, match="somebody is at work"):
        clock.open("one more")
