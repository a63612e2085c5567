"""The plan: listed, looked at and arranged, each stage whole or not at all."""

import hashlib

import numpy as np
import pytest

from tf_deeppaint.data.build import near_duplicates
from tf_deeppaint.data.build.plan import ARRANGED, LISTED, LOOKED, Plan, Seen
from tf_deeppaint.data.sources.registry import Example, Skipped
from tf_deeppaint.utils.errors import DeepPaintError


@pytest.fixture
def path(tmp_path) -> str:
    return str(tmp_path / "plan.sqlite")


def mark(seed: int, color: int = 0) -> bytes:
    """The likeness of a random picture, in one of several colors."""
    rng = np.random.default_rng(seed)
    return rng.bytes(near_duplicates.HASH_BYTES) + bytes(48 * [color])


def seen(seed: int, color: int = 0, file: str | None = None) -> Seen:
    name = file if file is not None else f"{seed}-{color}"
    return Seen(hashlib.sha256(name.encode()).hexdigest(), mark(seed, color))


def halves(group: str) -> str:
    return "test" if int(group[0], 16) < 8 else "train"


def arranged(plan: Plan, looks: dict[str, Seen], splits=None, drop_copies=False) -> dict[str, str]:
    """Lists, looks at and arranges drawings; the split of each that has a place."""
    plan.list_drawings((Example(n, 5, "", (splits or {}).get(n, "")) for n in looks), {})
    plan.record_looks([(number, looks[drawing.name]) for number, drawing in plan.unseen()])
    plan.finish_looks()
    plan.arrange(halves, drop_copies)
    return {p.drawing.name: s for s in ("train", "test") for p in plan.planned(s, 0, 10**6)}


def test_stages_follow_one_another_and_survive_closing(path):
    with Plan(path) as plan:
        assert plan.stage == "" and plan.options == {}
        plan.list_drawings([Example("a", 3), Example("b", 4, "g"), Skipped("dull")], {"size": 64})
    with Plan(path) as plan:
        assert plan.stage == LISTED
        assert plan.options["size"] == 64 and plan.options["drawings"]
        assert (plan.count(), plan.count_unseen()) == (2, 1)
        ((number, drawing),) = plan.unseen()
        assert drawing == Example("a", 3)
        plan.record_looks([(number, seen(1))])
    with Plan(path) as plan:
        assert not list(plan.unseen())
        plan.finish_looks()
        assert plan.stage == LOOKED
        plan.arrange(lambda group: "train", drop_copies=False)
    with Plan(path) as plan:
        assert plan.stage == ARRANGED
        assert {p.drawing.name for p in plan.planned("train", 0, 9)} == {"a", "b"}
        assert plan.left_out() == {"dull": 1}


def test_the_order_is_that_of_the_names_digests(path):
    names = [f"n{i}" for i in range(50)]
    with Plan(path) as plan:
        plan.list_drawings((Example(name, 0, name) for name in names), {})
        plan.finish_looks()
        plan.arrange(lambda group: "train", drop_copies=False)
        order = [p.drawing.name for p in plan.planned("train", 0, 50)]
        assert order == sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())
        assert [p.drawing.name for p in plan.planned("train", 10, 7)] == order[10:17]
        assert plan.count_planned("train") == 50 and plan.count_planned("test") == 0


def test_the_listings_digest_knows_no_order_but_every_change(path):
    def digest(items) -> str:
        with Plan(path) as plan:
            plan.list_drawings(items, {})
            return plan.options["drawings"]

    items = [Example("a", 3), Example("b", 4), Skipped("dull")]
    assert digest(items) == digest(items[::-1])
    changed = [[Example("a", 4)], [Example("c", 3)], [Example("a", 3, "g")], [Skipped("a")]]
    assert len({digest(items), *(digest([*other, *items[1:]]) for other in changed)}) == 5


def test_a_name_listed_twice_counts_once(path):
    with Plan(path) as plan:
        plan.list_drawings([Example("a", 3), Example("a", 5), Example("a", 5)], {})
        assert plan.count() == 1 and plan.left_out() == {"listed twice": 2}


def test_a_listing_that_breaks_off_leaves_nothing(path):
    def broken():
        yield Example("a", 3)
        raise DeepPaintError("the metadata is cut off")

    with Plan(path) as plan, pytest.raises(DeepPaintError, match="cut off"):
        plan.list_drawings(broken(), {})
    with Plan(path) as plan:
        assert plan.stage == "" and plan.count() == 0


def test_twins_share_a_group_named_after_the_smallest_digest(path):
    looks = {"a": seen(1), "b": seen(1, 200), "c": seen(2), "d": seen(3, file="1-0")}
    with Plan(path) as plan:
        placed = arranged(plan, looks)
        groups = {
            p.drawing.name: p.drawing.group for s in placed.values() for p in plan.planned(s, 0, 9)
        }
    first = min(looks[name].digest for name in "abd")[:16]
    assert groups == {"a": first, "b": first, "d": first, "c": looks["c"].digest[:16]}
    assert placed == {name: halves(group) for name, group in groups.items()}


def test_more_pictures_move_nobody_to_another_split(path, tmp_path):
    few = {str(n): seen(n) for n in range(30)}
    more = few | {f"new-{n}": seen(n) for n in range(30, 90)}
    with Plan(path) as plan, Plan(str(tmp_path / "other")) as other:
        before, after = arranged(plan, few), arranged(other, more)
    assert before == {name: after[name] for name in before} and len(set(before.values())) == 2


def test_copies_are_dropped_on_request_but_not_recolorings(path):
    looks = {
        "a": seen(1, 10),
        "b": seen(1, 12),  # nearly the colors of a
        "c": seen(1, 200),  # a, recolored
        "d": seen(1, 201, file="1-10"),  # the very file of a, whatever it looks like
        "e": seen(2, 10),
    }
    with Plan(path) as plan:
        placed = arranged(plan, looks, drop_copies=True)
        assert set(placed) == {"a", "c", "e"} and placed["a"] == placed["c"]
        assert plan.left_out() == {"copy of another": 2}


def test_published_splits_stay_unless_twins_stand_on_both_sides(path):
    looks = {"a": seen(1), "b": seen(1, 9), "c": seen(2), "d": seen(3), "e": seen(3, 5)}
    splits = {"a": "train", "b": "test", "c": "test", "d": "test", "e": "test"}
    with Plan(path) as plan:
        placed = arranged(plan, looks, splits)
        assert placed == {"a": "train", "b": "train", "c": "test", "d": "test", "e": "test"}
        assert plan.moved == 1


def test_drawings_that_were_left_out_at_the_look_have_no_place(path):
    with Plan(path) as plan:
        placed = arranged(plan, {"a": seen(1), "b": Seen(left_out="cut off"), "c": seen(4)})
        assert set(placed) == {"a", "c"}
        assert plan.left_out() == {"cut off": 1}


def test_a_second_builder_is_told_to_wait(path):
    with Plan(path), pytest.raises(DeepPaintError, match="another build is at work there"):
        Plan(path)
    with Plan(path) as plan:
        assert plan.stage == ""


def test_a_damaged_plan_is_told(path, tmp_path):
    (tmp_path / "plan.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(DeepPaintError, match=r"plan\.sqlite: damaged .*remove .* and build again"):
        Plan(path)


def test_a_plan_that_cannot_be_written_is_told(tmp_path):
    with pytest.raises(DeepPaintError, match="cannot be written"):
        Plan(str(tmp_path / "none" / "plan.sqlite"))
