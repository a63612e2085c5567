"""Opening a source by its name, with the options that it has and no others."""

import dataclasses
import hashlib

import pytest
from absl import flags

from tf_deeppaint.data.sources.base import digest_of
from tf_deeppaint.data.sources.characters.source import Avatars, Comicgen, Composite
from tf_deeppaint.data.sources.danbooru import Danbooru
from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.data.sources.folder import Folder
from tf_deeppaint.data.sources.openmoji import OpenMoji
from tf_deeppaint.data.sources.pairs import Pairs
from tf_deeppaint.data.sources.registry import SOURCES, make_source, source_options
from tf_deeppaint.data.sources.schemes import Schemes
from tf_deeppaint.data.sources.sprites import Sprites
from tf_deeppaint.data.sources.wesnoth import Wesnoth
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.options import define_flags, flag_values

CLASSES = {
    "dolls": Dolls,
    "folder": Folder,
    "pairs": Pairs,
    "danbooru": Danbooru,
    "openmoji": OpenMoji,
    "wesnoth": Wesnoth,
    "avatars": Avatars,
    "comicgen": Comicgen,
    "composite": Composite,
    "schemes": Schemes,
    "sprites": Sprites,
}
# The least that a source must be given.
REQUIRED = {
    "folder": {"input": "there"},
    "pairs": {"input": "there"},
    "schemes": {"input": "there"},
    "danbooru": {"input": "there", "select": "white_background"},
}


def test_every_source_opens_under_its_own_name():
    assert set(CLASSES) == set(SOURCES)
    for name, source_class in CLASSES.items():
        source = make_source(name, REQUIRED.get(name, {}))
        assert type(source) is source_class
        assert source.origin.name == name
        assert "there" not in str(source.options), "the manifest holds no path of a machine"


def parse(*line: str) -> dict:
    """The source options of a command line."""
    registry = flags.FlagValues()
    options = source_options()
    define_flags(options, required=False, registry=registry)
    registry(["program", *line])
    return flag_values(options, only_given=True, registry=registry)


def test_the_flags_of_all_sources_become_the_options_of_one():
    options = parse("--count=3", "--seed=5")
    assert [example.name for example in make_source("dolls", options).examples()] == [
        "doll-5-000000",
        "doll-5-000001",
        "doll-5-000002",
    ]
    options = parse("--input=there", "--metadata=a.json,b", "--exclude_tags=comic", "--ratings=g")
    assert make_source("danbooru", options) == Danbooru(
        "there", metadata=("a.json", "b"), exclude_tags=("comic",), ratings=("g",)
    )
    with pytest.raises(DeepPaintError, match="--source=wesnoth has no use for --count"):
        make_source("wesnoth", parse("--count=2000"))


def test_each_flag_has_a_sources_default_and_names_all_its_users():
    for field in dataclasses.fields(source_options()):
        users = [
            name
            for name, source_class in CLASSES.items()
            if field.name in {own.name for own in dataclasses.fields(source_class)}
        ]
        assert all(name in field.metadata["help"] for name in users), field.name
        defaults = [
            own.default
            for name in users
            for own in dataclasses.fields(CLASSES[name])
            if own.name == field.name
        ]
        assert field.default in defaults


def test_options_that_decide_about_bytes_stand_in_the_manifest():
    assert Folder("there", "white_background").options == {"select": "white_background"}
    assert Pairs("there", "sketch_color", check_palette=True).options == {
        "pair_order": "sketch_color",
        "check_palette": True,
    }
    assert Pairs("there", sketches="lines").options == {"sketches": True, "check_palette": False}
    assert Danbooru("there", "white_background").options == {"select": "white_background"}
    chosen = Danbooru(
        "there",
        metadata=("posts.json",),
        include_tags=("solo", "hat"),
        exclude_tags=("comic",),
        ratings=("s", "g", "q"),
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
        ("folder", {}, r"--source=folder needs --input: Folder of the pictures"),
        ("pairs", {"input": None}, r"--source=pairs needs --input: "),
        ("danbooru", {"metadata": ("x",)}, r"--source=danbooru needs --input: "),
        ("dolls", {"input": "x"}, r"--source=dolls has no use for --input; "),
        ("dolls", {"count": 0}, r"--count=0: must be at least 1"),
        ("dolls", {"sketches": "x"}, r"has no use for --sketches; --source=pairs has$"),
        ("folder", {"input": "x", "pair_order": "sketch_color"}, r"no use for --pair_order"),
        ("openmoji", {"check_palette": True}, r"no use for --check_palette; --source=pairs has"),
        ("wesnoth", {"select": "white_background"}, r"no use for --select; .*danbooru has$"),
        ("pairs", {"input": "x", "ratings": ("e",)}, r"no use for --ratings; --source=danbooru"),
        (
            "pairs",
            {"input": "x", "sketches": "y", "pair_order": "sketch_color"},
            r"leave it out beside --sketches",
        ),
        (
            "danbooru",
            {"input": "x", "select": "white_background", "exclude_tags": ("comic",)},
            r"--exclude_tags needs --metadata=FILES",
        ),
        ("danbooru", {"input": "x"}, r"--metadata=FILES, or by looking with --select=white_b"),
        ("danbooru", {"input": "x", "metadata": ("y",), "ratings": ("x",)}, r"--ratings=x: choose"),
        ("danbooru", {"input": "x", "metadata": ("y",), "ratings": ()}, r"--ratings=: name some"),
        ("folder", {"input": "x", "select": "blue"}, r"--select=blue: choose one of white_back"),
        ("pairs", {"input": "x", "pair_order": "up_down"}, r"--pair_order=up_down: choose one"),
    ],
)
def test_what_a_source_cannot_use_is_refused(name, options, message):
    with pytest.raises(DeepPaintError, match=message):
        make_source(name, options)


def test_the_digest_of_one_file_is_its_sha256_and_of_several_that_of_theirs():
    assert digest_of(b"a") == hashlib.sha256(b"a").hexdigest()
    parts = hashlib.sha256(b"a").digest() + hashlib.sha256(b"bc").digest()
    assert digest_of(b"a", b"bc") == hashlib.sha256(parts).hexdigest()
    assert digest_of(b"ab", b"c") != digest_of(b"a", b"bc")
