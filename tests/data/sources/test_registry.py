"""Opening a source by its name, with the flags that it can use and no others."""

import hashlib

import pytest

from tf_deeppaint.data.sources.danbooru import Danbooru
from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.data.sources.folder import Folder
from tf_deeppaint.data.sources.openmoji import OpenMoji
from tf_deeppaint.data.sources.pairs import Pairs
from tf_deeppaint.data.sources.registry import FLAGS, digest_of, open_source
from tf_deeppaint.data.sources.wesnoth import Wesnoth
from tf_deeppaint.utils.errors import DeepPaintError


def opened(name: str, folder: str | None = None, **options):
    return open_source(name, folder, count=3, seed=5, **options)


def test_every_source_opens_under_its_own_name():
    kinds = {
        "dolls": Dolls,
        "folder": Folder,
        "pairs": Pairs,
        "danbooru": Danbooru,
        "openmoji": OpenMoji,
        "wesnoth": Wesnoth,
    }
    assert set(kinds) == set(FLAGS)
    for name, kind in kinds.items():
        options = {"select": "white_background"} if name == "danbooru" else {}
        source = opened(name, None if name == "dolls" else "there", **options)
        assert type(source) is kind
        assert source.origin.name == name
        assert "there" not in str(source.options), "the manifest holds no path of a machine"


def test_dolls_are_counted_and_seeded():
    assert [drawing.name for drawing in opened("dolls").drawings()] == [
        "doll-5-000000",
        "doll-5-000001",
        "doll-5-000002",
    ]


def test_options_that_decide_about_bytes_stand_in_the_manifest():
    assert opened("folder", "there", select="white_background").options == {
        "select": "white_background"
    }
    assert opened("pairs", "there", pair_order="sketch_color", check_palette=True).options == {
        "pair_order": "sketch_color",
        "check_palette": True,
    }
    assert opened("pairs", "there", sketches="lines").options == {
        "sketches": True,
        "check_palette": False,
    }
    assert opened("danbooru", "there", select="white_background").options == {
        "select": "white_background"
    }
    chosen = opened(
        "danbooru",
        "there",
        metadata=["posts.json"],
        include_tags=["solo", "hat"],
        exclude_tags=["comic"],
        ratings=["s", "g", "q"],
    )
    assert chosen.options == {
        "select": None,
        "include_tags": ["hat", "solo"],
        "exclude_tags": ["comic"],
        "ratings": ["g", "q", "s"],
    }


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("dreams", {}, r"no source named 'dreams': choose one of dolls, folder, pairs, "),
        ("folder", {}, r"--source=folder needs --input=FOLDER"),
        ("pairs", {}, r"--source=pairs needs --input=FOLDER"),
        ("danbooru", {"metadata": ["x"]}, r"--source=danbooru needs --input=FOLDER"),
        ("dolls", {"folder": "x"}, r"--source=dolls has no use for --input; "),
        ("dolls", {"sketches": "x"}, r"has no use for --sketches; --source=pairs has$"),
        ("folder", {"folder": "x", "pair_order": "sketch_color"}, r"no use for --pair_order"),
        ("openmoji", {"check_palette": True}, r"no use for --check_palette; --source=pairs has"),
        ("wesnoth", {"select": "white_background"}, r"no use for --select; .*danbooru has$"),
        ("pairs", {"folder": "x", "ratings": ["e"]}, r"no use for --ratings; --source=danbooru"),
        (
            "pairs",
            {"folder": "x", "sketches": "y", "pair_order": "sketch_color"},
            r"leave it out beside --sketches",
        ),
        (
            "danbooru",
            {"folder": "x", "select": "white_background", "exclude_tags": ["comic"]},
            r"--exclude_tags needs --metadata=FILES",
        ),
        ("danbooru", {"folder": "x"}, r"--metadata=FILES, or by looking with --select=white_b"),
        ("danbooru", {"folder": "x", "metadata": ["y"], "ratings": ["x"]}, r"--ratings=x: name"),
        ("danbooru", {"folder": "x", "metadata": ["y"], "ratings": []}, r"--ratings=: name some"),
        ("folder", {"folder": "x", "select": "blue"}, r"--select=blue: choose one of white_back"),
        ("pairs", {"folder": "x", "pair_order": "up_down"}, r"--pair_order=up_down: choose one"),
    ],
)
def test_what_a_source_cannot_use_is_refused(name, options, message):
    with pytest.raises(DeepPaintError, match=message):
        opened(name, **options)


def test_the_digest_of_one_file_is_its_sha256_and_of_several_that_of_theirs():
    assert digest_of(b"a") == hashlib.sha256(b"a").hexdigest()
    parts = hashlib.sha256(b"a").digest() + hashlib.sha256(b"bc").digest()
    assert digest_of(b"a", b"bc") == hashlib.sha256(parts).hexdigest()
    assert digest_of(b"ab", b"c") != digest_of(b"a", b"bc")
