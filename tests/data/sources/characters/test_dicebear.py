"""Avatar styles: which variants a drawing takes, and which role each of its colors plays."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.character_files import HAIR, HEADS, box, make_style, named, shape
from tf_deeppaint.data.sources.characters.dicebear import MAX_DEPTH, Rules, Style
from tf_deeppaint.data.sources.characters.figures import INK, code, ink_code
from tf_deeppaint.data.sources.characters.holdout import UNSEEN, is_held_out
from tf_deeppaint.data.sources.characters.styles import STYLES
from tf_deeppaint.utils.errors import DeepPaintError

RULES = Rules(
    roles={"skin": "skin", "hair": "hair", "eyes": "iris", "sclera": "plain"},
    outlines={"eyes": 5},
    left_out={"head": (HEADS[0],), "glasses": ("*",)},
    main=("hair",),
)
DESIGN = {"head": HEADS[1], "eyes": "open", "hair": HAIR[2]}


def load(folder: Path, style: dict, rules: Rules = RULES) -> Style:
    path = folder / "style.json"
    path.write_text(json.dumps(style))
    return Style(str(path), rules)


def sample(style: Style, test: bool) -> list[dict]:
    rng = np.random.default_rng(1)
    return [style.sample(rng, test) for _ in range(600)]


def test_held_out_hair_is_in_no_drawing_of_the_training_split(tmp_path):
    style = load(tmp_path, make_style())
    trained, tested = ({design["hair"] for design in sample(style, test)} for test in (False, True))
    assert trained.isdisjoint(tested)
    assert trained | tested == set(HAIR)
    assert len(tested) == 2


def test_parts_that_are_not_main_are_shared_by_the_splits(tmp_path):
    style = load(tmp_path, make_style())
    trained, tested = ({design["head"] for design in sample(style, test)} for test in (False, True))
    assert trained == tested == set(HEADS[1:]), "all but the one that is left out"


@pytest.mark.parametrize("count", [8, 9, 16, 40, 64])
def test_one_part_in_eight_is_held_out(count):
    parts = [f"part{number:02d}" for number in range(count)]
    assert sum(is_held_out(part, parts) for part in parts) == pytest.approx(count / 8, abs=0.5)


def test_components_are_as_common_as_the_style_or_the_rules_say(tmp_path):
    drawn = make_style()
    drawn["components"]["eyes"]["probability"] = 25
    for rules, share in ((RULES, 0.25), (RULES._replace(common={"eyes": 0.75}), 0.75)):
        designs = sample(load(tmp_path, drawn, rules), False)
        assert np.mean(["eyes" in design for design in designs]) == pytest.approx(share, abs=0.06)
        assert not any("glasses" in design for design in designs)


def test_colors_become_codes_and_unknown_ones_ink(tmp_path):
    style = load(tmp_path, make_style())
    markup = style.markup(DESIGN)
    assert markup.count(f'fill="{code("skin")}"') == 1
    assert markup.count(f'fill="{code("hair")}"') == 1
    # The outlines of head and hair.
    assert markup.count(f'fill="{INK}"') == 2
    assert f'fill="{code("iris")}" stroke="{INK}" stroke-width="5"' in markup


def test_a_shadow_that_tints_is_no_fill(tmp_path):
    drawn = make_style()
    place = drawn["components"]["head"]["variants"][HEADS[1]]["elements"]
    shadow = shape("black", box(30, 30, 60, 60), stroke=named("ink"))
    for opacity, is_filled in ((".2", False), (".75", True), (0.1, False)):
        shadow["attributes"]["fill-opacity"] = opacity
        place[2:] = [shadow]
        markup = load(tmp_path, drawn).markup(DESIGN)
        paint = INK if is_filled else "none"
        assert f'd="{box(30, 30, 60, 60)}" fill="{paint}" stroke="{INK}"' in markup
        assert "opacity" not in markup


def test_rules_of_a_component_or_variant_go_first(tmp_path):
    rules = RULES._replace(
        roles={"ink": "ink", "head.ink": "ink:hair", "skin": "skin", "hair": "hair"},
        variants={f"hair.{HAIR[2]}": {"hair": "accent"}},
    )
    style = load(tmp_path, make_style(), rules)
    assert f'fill="{ink_code("hair")}"' in style.markup(DESIGN)
    assert f'fill="{code("accent")}"' in style.markup(DESIGN)
    assert f'fill="{code("accent")}"' not in style.markup(DESIGN | {"hair": HAIR[3]})


def test_tints_are_dropped_and_masks_keep_their_colors(tmp_path):
    drawn = make_style()
    mask = {
        "type": "element",
        "name": "mask",
        "attributes": {"id": "m"},
        "children": [shape("white", box(0, 0, 9, 9))],
    }
    group = {
        "type": "element",
        "name": "g",
        "attributes": {"mask": "url(#m)"},
        "children": [shape(named("skin"), box(1, 1, 2, 2))],
    }
    tint = shape(named("hair"), box(3, 3, 4, 4), opacity=".1")
    shade = shape(named("hair"), box(3, 3, 5, 5), style="mix-blend-mode:multiply")
    drawn["components"]["eyes"]["variants"]["open"]["elements"] = [mask, group, tint, shade]
    markup = load(tmp_path, drawn).markup({"eyes": "open"})
    assert 'fill="white"' in markup
    assert f'fill="{code("skin")}"' in markup
    assert "M3 3" not in markup
    # A group whose only child is a tint: the rasterizer refuses a mask around nothing.
    group["children"] = [tint]
    assert "url(#m)" not in load(tmp_path, drawn).markup({"eyes": "open"})


def test_attributes_cannot_end_the_markup(tmp_path):
    drawn = make_style()
    drawn["components"]["eyes"]["variants"]["open"]["elements"] = [shape("white", '"/><script>')]
    assert "<script>" not in load(tmp_path, drawn).markup({"eyes": "open"})


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"components": {}, "canvas": {"width": 1, "height": "x"}}']
)
def test_a_file_that_is_no_style_is_named(tmp_path, text):
    path = tmp_path / "broken.json"
    path.write_text(text)
    with pytest.raises(DeepPaintError, match=r"broken\.json: not a style"):
        Style(str(path), RULES)


@pytest.mark.parametrize(
    "damage", [{}, {"type": "element"}, 5, {"type": "component", "name": "hair"}]
)
def test_a_damaged_element_is_an_error_that_names_the_file(tmp_path, damage):
    drawn = make_style()
    drawn["components"]["hair"]["variants"][HAIR[2]] = damage
    with pytest.raises(DeepPaintError, match=r"style\.json: not a style"):
        load(tmp_path, drawn).markup(DESIGN)


def test_a_style_that_nests_without_end_is_refused(tmp_path):
    drawn = make_style()
    loop = [{"type": "component", "name": "eyes"}]
    drawn["components"]["eyes"]["variants"]["open"]["elements"] = loop
    with pytest.raises(DeepPaintError, match=f"deeper than {MAX_DEPTH} levels"):
        load(tmp_path, drawn).markup(DESIGN)


def test_every_style_holds_out_its_hair_and_clothes():
    assert {style for style, rules in STYLES.items() if not rules.main} == set(UNSEEN)
    assert "clothes" in STYLES["notionists"].main
