"""Targets of pictures, palettes and data sets."""

import contextlib
import functools
import io
import json
import os
import random
import struct
import tarfile
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from tests.hostile.mutations import mutate, mutate_json, mutate_png
from tests.hostile.target import Target, drain, write_file
from tf_deeppaint.utils.errors import DeepPaintError


def pictures() -> Target:
    from tests.helpers.picture_files import more_seeds, zoo
    from tf_deeppaint.images.decoding import decode_picture, decode_rgba, decode_small
    from tf_deeppaint.images.pixels import MAX_SIDE

    def feed(data: bytes) -> None:
        failures = []
        for decode in (
            decode_picture,
            decode_rgba,
            lambda data, name: decode_small(data, name, 64)[0],
        ):
            try:
                pixels = decode(data, "x")
                assert pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.size
                assert max(pixels.shape[:2]) <= MAX_SIDE
            except DeepPaintError as error:
                failures.append(error)
        if failures:
            raise failures[0]

    def change(data: bytes, rng: random.Random) -> bytes:
        is_png = data.startswith(b"\x89PNG")
        return mutate_png(data, rng) if is_png and rng.random() < 0.7 else mutate(data, rng)

    seeds = [specimen.data for specimen in zoo().values() if specimen.whole]
    return Target([*seeds, *more_seeds()], feed, change, share=480)


def sketches() -> Target:
    """Sketches as people bring them: decoded, strips too, their kind told, and prepared."""
    import cv2

    from tests.helpers.picture_files import zoo
    from tf_deeppaint.images.pixels import MAX_SIDE
    from tf_deeppaint.images.strips import MAX_LENGTH, is_strip
    from tf_deeppaint.painting.inputs import read_sketch

    def feed(data: bytes) -> None:
        sketch = read_sketch(write_file("sketch.png", data)).sketch
        assert sketch.dtype == np.uint8 and sketch.ndim == 2 and sketch.size
        longest = MAX_LENGTH if is_strip(*sketch.shape) else MAX_SIDE
        assert max(sketch.shape) <= longest and min(sketch.shape) <= MAX_SIDE

    def draw_strip(height: int, width: int, suffix: str) -> bytes:
        page = np.full((height, width, 3), 255, np.uint8)
        cv2.line(page, (0, 0), (width, height), (60, 20, 20), 2)
        return cv2.imencode(suffix, page)[1].tobytes()

    strips = [
        draw_strip(*sides, suffix)
        for sides in ((900, 60), (60, 900), (9000, 8))
        for suffix in (".png", ".jpg", ".webp", ".tiff")
        if suffix != ".webp" or max(sides) < 9000
    ]

    def change(data: bytes, rng: random.Random) -> bytes:
        return mutate_png(data, rng) if data.startswith(b"\x89PNG") else mutate(data, rng)

    seeds = [specimen.data for specimen in zoo().values() if specimen.whole]
    return Target([*strips, *seeds], feed, change, share=30)


@functools.cache
def data_set() -> dict[str, bytes]:
    """The files of a small data set."""
    from tf_deeppaint.data.build.builder import build_dataset
    from tf_deeppaint.data.build.config import BuildConfig
    from tf_deeppaint.data.sources.dolls.source import Dolls

    with tempfile.TemporaryDirectory() as folder:
        build_dataset(Dolls(3, seed=12), f"{folder}/data", BuildConfig(64, "drop"))
        return {path.name: path.read_bytes() for path in Path(folder, "data").iterdir()}


def records() -> Target:
    import tensorflow as tf

    from tf_deeppaint.data import parsing
    from tf_deeppaint.data.bad_records import BadRecords, read_shard

    shards = [data for name, data in data_set().items() if name.endswith("tfrecord")]
    decode = tf.function(
        lambda record: parsing.decode_record(record, 64, tf.constant([1, 2])),
        [tf.TensorSpec([], tf.string)],
    )

    def feed(data: bytes) -> None:
        path = write_file("train-00000.tfrecord", data)
        bad = BadRecords(silent=True)
        found = list(read_shard(path, 4, 64, bad))
        assert len(found) == 4 and found.count(b"") == bad.count
        for record in found:
            if record:
                decode(tf.constant(record))  # what passes for sound must be

    return Target(shards, feed, share=40)


def examples() -> Target:
    """One record, in frames that are right: what is wrong is inside."""
    import tensorflow as tf

    shards = [data for name, data in data_set().items() if name.endswith("tfrecord")]
    stored = []
    for shard in shards:
        path = write_file("seed.tfrecord", shard)
        stored += list(tf.data.TFRecordDataset(path).as_numpy_iterator())
    framed = records()

    def feed(data: bytes) -> None:
        frame = struct.pack("<Q4x", len(data)) + data + bytes(4)
        framed.feed(frame * 2)

    return Target(stored, feed, share=40)


def verification() -> Target:
    from tf_deeppaint.data.build.verification import verify

    files = data_set()
    shard = next(name for name in files if name.startswith("train"))

    def feed(data: bytes) -> None:
        for name, content in files.items():
            write_file(f"data/{name}", content)
        write_file(f"data/{shard}", data.ljust(len(files[shard]), b"\0")[: len(files[shard])])
        for line in verify("data"):
            assert "\n" not in line

    return Target([files[shard]], feed, share=4)


def manifests() -> Target:
    from tf_deeppaint.data import records

    def feed(data: bytes) -> None:
        for name, content in data_set().items():
            write_file(f"data/{name}", content)
        write_file("data/manifest.json", data)
        for whole in (False, True):
            manifest = records.load_manifest("data", whole)
            manifest.count("train") + manifest.size
            assert manifest.background

    # The version before has other names for a few keys.
    current = data_set()["manifest.json"]
    older = current.replace(b'"version": 3', b'"version": 2').replace(b"skipped", b"left_out")
    older = older.replace(b'"license"', b'"licence"').replace(b'"examples"', b'"drawings"')
    return Target([current, older], feed, mutate_json, share=60)


def receipts() -> Target:
    from tf_deeppaint.data.build.shards import load_receipt

    note = {
        "shard": {"name": "train-00000.tfrecord", "records": 2, "bytes": 9, "sha256": "ab"},
        "skipped": {"damaged": 1},
        "complaints": ["x"],
    }

    def feed(data: bytes) -> None:
        write_file("data/.building/train-00000.tfrecord.json", data)
        write_file("data/train-00000.tfrecord", bytes(9))
        load_receipt("data", "train-00000.tfrecord")

    return Target([json.dumps(note).encode()], feed, mutate_json, share=20)


def plans() -> Target:
    from tf_deeppaint.data.build.plan import Plan
    from tf_deeppaint.data.sources.base import Example

    with Plan("seed.sqlite") as plan:
        plan.list_examples([Example(f"d{n}", n, f"g{n}") for n in range(40)], {"size": 64})
        plan.finish_inspections()
        plan.arrange(lambda group: "train" if group < "g3" else "test", False)
    seed = Path("seed.sqlite").read_bytes()

    def feed(data: bytes) -> None:
        for left in ("plan.sqlite", "plan.sqlite-journal", "plan.sqlite-wal"):
            with contextlib.suppress(FileNotFoundError):
                os.remove(left)
        write_file("plan.sqlite", data)
        with Plan("plan.sqlite") as plan:
            plan.stage, plan.options, plan.moved, plan.skipped(), plan.count_uninspected()
            for split in ("train", "test"):
                plan.planned(split, range(plan.count_planned(split) % 1000))
            drain(plan.uninspected())

    return Target([seed], feed, share=15)


def danbooru() -> Target:
    from tf_deeppaint.data.sources.danbooru import Danbooru

    post = {"id": 7, "file_ext": "png", "rating": "s", "tags": [{"name": "solo"}]}
    other = {"id": "8", "file_ext": "jpg", "rating": "g", "tag_string": "solo white_background"}
    line, more = (json.dumps(one).encode() for one in (post, other))
    seeds = [line + b"\n" + more + b"\n", b"[" + line + b", " + more + b"]", line]

    def feed(data: bytes) -> None:
        write_file("pictures/0008/8.jpg", b"x")
        write_file("posts.json", data)
        drain(Danbooru("pictures", metadata=("posts.json",)).examples())

    def change(data: bytes, rng: random.Random) -> bytes:
        if data == line:
            return mutate_json(data, rng) + rng.choice((b"", b"\n", b"\n" * 99, b"\r\n{}"))
        return mutate(data, rng, seeds)

    return Target(seeds, feed, change, share=40)


def pairs() -> Target:
    from tests.helpers.picture_files import encode, image
    from tf_deeppaint.data.sources.base import Example
    from tf_deeppaint.data.sources.pairs import Pairs
    from tf_deeppaint.palette.palette_files import palette_to_json

    palette = palette_to_json(np.arange(48, dtype=np.uint8).reshape(4, 4, 3)).encode()
    picture = encode(image("RGB").resize((34, 20)), "PNG")
    write_file("folder/train/a.png", picture)

    def feed(data: bytes) -> None:
        write_file("folder/colorgram/a.json", data)
        Pairs("folder").load(Example("train/a.png"), 64)

    return Target([palette], feed, mutate_json, share=30)


def palettes() -> Target:
    from tf_deeppaint.palette.palette_files import load_palette, palette_to_json

    seed = palette_to_json(np.arange(48, dtype=np.uint8).reshape(4, 4, 3)).encode()

    def feed(data: bytes) -> None:
        palette = load_palette(write_file("palette.json", data))
        assert palette.shape == (4, 4, 3) and palette.dtype == np.uint8

    return Target([seed], feed, mutate_json, share=80)


def swatches() -> Target:
    """Palettes of other programs; the first byte of an input tells which."""
    from tf_deeppaint.palette.palette_files import encode_palette, load_palette
    from tf_deeppaint.palette.swatch_files import SWATCHES

    palette, suffixes = np.arange(48, dtype=np.uint8).reshape(4, 4, 3), list(SWATCHES)
    seeds = [bytes([n]) + encode_palette(palette, f"x{s}") for n, s in enumerate(suffixes)]

    def feed(data: bytes) -> None:
        suffix = suffixes[data[0] % len(suffixes)] if data else ".gpl"
        palette = load_palette(write_file(f"palette{suffix}", data[1:]))
        assert palette.shape == (4, 4, 3) and palette.dtype == np.uint8

    return Target(seeds, feed, share=60)


def colors() -> Target:
    from tf_deeppaint.palette import named_colors

    def feed(data: bytes) -> None:
        text = data.decode("utf-8", "surrogateescape")
        with contextlib.suppress(DeepPaintError):
            named_colors.parse_bands(text)
        named_colors.ColorChoice.parse(text, None, has_palette=False)

    return Target([b"#fff, #A0b1C2,#000", b"1,4", b"#012345," * 15 + b"#fff"], feed, share=30)


def packages() -> Target:
    from tf_deeppaint.data.sources import fetching

    seeds = []
    for form in ("w", "w:gz"):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode=form) as archive:
            for name in ("package/a.svg", "package/../../b.svg", "/etc/c.svg"):
                item = tarfile.TarInfo(name)
                item.size = 30
                archive.addfile(item, io.BytesIO(bytes(30)))
        seeds.append(buffer.getvalue())

    def feed(data: bytes) -> None:
        members = fetching._tar_members(Path(write_file("some.tgz", data)))
        fetching._unpack(members, ["*.svg"], Path("art"), 1)
        assert set(os.listdir(".")) <= {"art", "some.tgz"}

    return Target(seeds, feed, share=20)


def wheels() -> Target:
    from tf_deeppaint.data.sources import fetching

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("art/a.json", "../b.json", "/etc/c.json"):
            archive.writestr(name, bytes(30))

    def feed(data: bytes) -> None:
        members = fetching._zip_members(Path(write_file("some.whl", data)))
        fetching._unpack(members, ["*.json"], Path("art"))
        assert set(os.listdir(".")) <= {"art", "some.whl"}

    return Target([buffer.getvalue()], feed, share=10)


def avatar_styles() -> Target:
    from tests.helpers.character_files import make_style
    from tf_deeppaint.data.sources.characters.artists import AvatarArtist

    def feed(data: bytes) -> None:
        write_file("adventurer.json", data)
        artist = AvatarArtist(".", "adventurer")
        for number in range(3):
            artist.draw(np.random.default_rng(number), test=number == 0).figure(32, "x")

    return Target([json.dumps(make_style()).encode()], feed, mutate_json, share=20)


def comicgen_files() -> Target:
    from tests.helpers.character_files import fill, svg
    from tf_deeppaint.data.sources.characters.comicgen import BOX, Part, read_part
    from tf_deeppaint.data.sources.characters.figures import render_figure

    square = fill("#bcd1ec", 100, 100, 300, 500, more=' opacity="0.95" stroke="#000"')
    masked = f'<mask id="a">{square}</mask><g mask="url(#a)">{square}</g>'

    def feed(data: bytes) -> None:
        path = write_file("pose/x.svg", data)
        read_part.cache_clear()
        render_figure(read_part(".", Part("body", path)), BOX, 32, "x")

    return Target([svg(square).encode(), svg(masked).encode()], feed, share=20)
