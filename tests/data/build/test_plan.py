"""The plan: listed, inspected and arranged, each stage whole or not at all."""

import contextlib
import hashlib
import sqlite3

import numpy as np
import pytest

from tf_deeppaint.data.build.plan import ARRANGED, INSPECTED, LISTED, InspectionResult, Plan
from tf_deeppaint.data.sources.base import Example, Skipped
from tf_deeppaint.images.perceptual_hash import SHAPE_BYTES
from tf_deeppaint.utils.errors import DeepPaintError


@pytest.fixture
def path(tmp_path) -> str:
    return str(tmp_path / "plan.sqlite")


def mark(seed: int, color: int = 0) -> bytes:
    """The perceptual hash of a random picture, in one of several colors."""
    rng = np.random.default_rng(seed)
    return rng.bytes(SHAPE_BYTES) + bytes(48 * [color])


def result(seed: int, color: int = 0, file: str | None = None) -> InspectionResult:
    name = file if file is not None else f"{seed}-{color}"
    return InspectionResult(hashlib.sha256(name.encode()).hexdigest(), mark(seed, color))


def halves(group: str) -> str:
    return "test" if int(group[0], 16) < 8 else "train"


def arranged(
    plan: Plan, results: dict[str, InspectionResult], splits=None, drop_duplicates=False
) -> dict[str, str]:
    """Lists, inspects and arranges examples; the split of each that has a position."""
    plan.list_examples((Example(n, 5, "", (splits or {}).get(n, "")) for n in results), {})
    plan.record_inspections([(n, results[example.name]) for n, example in plan.uninspected()])
    plan.finish_inspections()
    plan.arrange(halves, drop_duplicates)
    return {p.example.name: s for s in ("train", "test") for p in plan.planned(s, range(10**6))}


def test_stages_follow_one_another_and_survive_closing(path):
    with Plan(path) as plan:
        assert plan.stage == "" and plan.options == {}
        plan.list_examples([Example("a", 3), Example("b", 4, "g"), Skipped("dull")], {"size": 64})
    with Plan(path) as plan:
        assert plan.stage == LISTED
        assert plan.options["size"] == 64 and plan.options["examples"]
        assert plan.count_uninspected() == 1
        ((number, example),) = plan.uninspected()
        assert example == Example("a", 3)
        plan.record_inspections([(number, result(1))])
    with Plan(path) as plan:
        assert not list(plan.uninspected())
        plan.finish_inspections()
        assert plan.stage == INSPECTED
        plan.arrange(lambda group: "train", drop_duplicates=False)
    with Plan(path) as plan:
        assert plan.stage == ARRANGED
        assert {p.example.name for p in plan.planned("train", range(9))} == {"a", "b"}
        assert plan.skipped() == {"dull": 1}


def test_the_order_is_that_of_the_names_digests(path):
    names = [f"n{i}" for i in range(50)]
    with Plan(path) as plan:
        plan.list_examples((Example(name, 0, name) for name in names), {})
        plan.finish_inspections()
        plan.arrange(lambda group: "train", drop_duplicates=False)
        order = [p.example.name for p in plan.planned("train", range(50))]
        assert order == sorted(names, key=lambda name: hashlib.sha256(name.encode()).digest())
        assert [p.example.name for p in plan.planned("train", range(10, 17))] == order[10:17]
        assert plan.count_planned("train") == 50 and plan.count_planned("test") == 0


def test_the_listings_digest_knows_no_order_but_every_change(path):
    def digest(items) -> str:
        with Plan(path) as plan:
            plan.list_examples(items, {})
            return plan.options["examples"]

    items = [Example("a", 3), Example("b", 4), Skipped("dull")]
    assert digest(items) == digest(items[::-1])
    changed = [[Example("a", 4)], [Example("c", 3)], [Example("a", 3, "g")], [Skipped("a")]]
    assert len({digest(items), *(digest([*other, *items[1:]]) for other in changed)}) == 5


def test_a_name_listed_twice_counts_once(path):
    with Plan(path) as plan:
        plan.list_examples([Example("a", 3), Example("a", 5), Example("a", 5)], {})
        assert plan.count_uninspected() == 1 and plan.skipped() == {"listed twice": 2}


def test_a_listing_that_breaks_off_leaves_nothing(path):
    def broken():
        yield Example("a", 3)
        raise DeepPaintError("the metadata is cut off")

    with Plan(path) as plan, pytest.raises(DeepPaintError, match="cut off"):
        plan.list_examples(broken(), {})
    with Plan(path) as plan:
        assert plan.stage == "" and plan.count_uninspected() == 0


def test_near_duplicates_share_a_group_named_after_the_smallest_digest(path):
    results = {"a": result(1), "b": result(1, 200), "c": result(2), "d": result(3, file="1-0")}
    with Plan(path) as plan:
        placed = arranged(plan, results)
        groups = {
            p.example.name: p.example.group
            for s in placed.values()
            for p in plan.planned(s, range(9))
        }
    first = min(results[name].digest for name in "abd")[:16]
    assert groups == {"a": first, "b": first, "d": first, "c": results["c"].digest[:16]}
    assert placed == {name: halves(group) for name, group in groups.items()}


def test_more_pictures_move_nobody_to_another_split(path, tmp_path):
    few = {str(n): result(n) for n in range(30)}
    more = few | {f"new-{n}": result(n) for n in range(30, 90)}
    with Plan(path) as plan, Plan(str(tmp_path / "other")) as other:
        before, after = arranged(plan, few), arranged(other, more)
    assert before == {name: after[name] for name in before} and len(set(before.values())) == 2


def test_copies_are_dropped_on_request_but_not_recolorings(path):
    results = {
        "a": result(1, 10),
        "b": result(1, 12),  # nearly the colors of a
        "c": result(1, 200),  # a, recolored
        "d": result(1, 201, file="1-10"),  # the very file of a, whatever it looks like
        "e": result(2, 10),
    }
    with Plan(path) as plan:
        placed = arranged(plan, results, drop_duplicates=True)
        assert set(placed) == {"a", "c", "e"} and placed["a"] == placed["c"]
        assert plan.skipped() == {"copy of another": 2}


def test_published_splits_stay_unless_near_duplicates_are_on_both_sides(path):
    results = {"a": result(1), "b": result(1, 9), "c": result(2), "d": result(3), "e": result(3, 5)}
    splits = {"a": "train", "b": "test", "c": "test", "d": "test", "e": "test"}
    with Plan(path) as plan:
        placed = arranged(plan, results, splits)
        assert placed == {"a": "train", "b": "train", "c": "test", "d": "test", "e": "test"}
        assert (plan.moved, plan.drawn) == (1, 0)


def test_examples_skipped_at_the_inspection_have_no_position(path):
    with Plan(path) as plan:
        placed = arranged(
            plan, {"a": result(1), "b": InspectionResult(skipped="cut off"), "c": result(4)}
        )
        assert set(placed) == {"a", "c"}
        assert plan.skipped() == {"cut off": 1} and plan.drawn == 2


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


def test_a_plan_of_another_version_is_refused(path):
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE drawing (id INTEGER PRIMARY KEY)")
    with pytest.raises(DeepPaintError, match="another version of this program; remove"):
        Plan(path)
