"""What is fed with hostile input: each parser that files or requests from outside reach.

A target takes one input and returns, or raises DeepPaintError; anything else is a finding.
"""

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
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from tests.hostile.mutations import ODD_VALUES, mutate, mutate_json, mutate_png
from tf_deeppaint.utils.errors import DeepPaintError

ROOT = Path(__file__).parents[2]


class Target:
    """One parser.

    Args:
        seeds: Valid inputs.
        feed: Gives it an input; called in an empty working folder of its own.
        change: How inputs are changed.
        share: How many of a thousand inputs of a run it gets.
    """

    def __init__(
        self,
        seeds: Iterable[bytes],
        feed: Callable[[bytes], object],
        change: Callable[[bytes, random.Random], bytes] | None = None,
        share: int = 10,
    ):
        self.seeds = list(seeds)
        self.feed = feed
        self.change = change
        self.share = share

    def input(self, name: str, seed: int, number: int) -> bytes:
        """The `number`-th input of a seed; the first ones are the valid inputs as they are."""
        if number < len(self.seeds):
            return self.seeds[number]
        rng = random.Random(f"{name}/{seed}/{number}")
        data = rng.choice(self.seeds)
        if self.change is None or rng.random() < 0.1:
            return mutate(data, rng, self.seeds)
        return self.change(data, rng)


def drain(items: Iterable) -> None:
    """Takes all that is yielded."""
    deque(items, maxlen=0)


def kept(path: str, data: bytes) -> str:
    """Writes a file into the working folder."""
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)
    return path


# --- pictures -----------------------------------------------------------------------------------


def pictures() -> Target:
    from tests.helpers.picture_files import zoo
    from tf_deeppaint.images.pixels import MAX_SIDE, decode_picture, decode_rgba, decode_small

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

    return Target((s.data for s in zoo().values() if s.whole), feed, change, share=480)


# --- data sets ----------------------------------------------------------------------------------


@functools.cache
def data_set() -> dict[str, bytes]:
    """The files of a small data set."""
    from tf_deeppaint.data.build.builder import build_dataset
    from tf_deeppaint.data.build.preparation import BuildConfig
    from tf_deeppaint.data.sources.dolls.source import Dolls

    with tempfile.TemporaryDirectory() as folder:
        build_dataset(Dolls(3, seed=12), f"{folder}/data", BuildConfig(64, "drop"))
        return {path.name: path.read_bytes() for path in Path(folder, "data").iterdir()}


def records() -> Target:
    import tensorflow as tf

    from tf_deeppaint.data import loading
    from tf_deeppaint.data.bad_records import BadRecords, read_shard

    shards = [data for name, data in data_set().items() if name.endswith("tfrecord")]
    decode = tf.function(
        lambda record: loading.decode_record(record, 64, tf.constant([1, 2])),
        [tf.TensorSpec([], tf.string)],
    )

    def feed(data: bytes) -> None:
        path = kept("train-00000.tfrecord", data)
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
        path = kept("seed.tfrecord", shard)
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
            kept(f"data/{name}", content)
        kept(f"data/{shard}", data.ljust(len(files[shard]), b"\0")[: len(files[shard])])
        for line in verify("data"):
            assert "\n" not in line

    return Target([files[shard]], feed, share=4)


def manifests() -> Target:
    from tf_deeppaint.data import records

    def feed(data: bytes) -> None:
        kept("data/manifest.json", data)
        for whole in (False, True):
            manifest = records.read_manifest("data", whole)
            manifest.count("train") + manifest.size
            assert manifest.background

    return Target([data_set()["manifest.json"]], feed, mutate_json, share=60)


def notes() -> Target:
    from tf_deeppaint.data.build.shards import read_note

    note = {
        "shard": {"name": "train-00000.tfrecord", "records": 2, "bytes": 9, "sha256": "ab"},
        "left_out": {"damaged": 1},
        "complaints": ["x"],
    }

    def feed(data: bytes) -> None:
        kept("data/.building/train-00000.tfrecord.json", data)
        kept("data/train-00000.tfrecord", bytes(9))
        read_note("data", "train-00000.tfrecord")

    return Target([json.dumps(note).encode()], feed, mutate_json, share=20)


def plans() -> Target:
    from tf_deeppaint.data.build.plan import Plan
    from tf_deeppaint.data.sources.registry import Example

    with Plan("seed.sqlite") as plan:
        plan.list_drawings([Example(f"d{n}", n, f"g{n}") for n in range(40)], {"size": 64})
        plan.finish_looks()
        plan.arrange(lambda group: "train" if group < "g3" else "test", False)
    seed = Path("seed.sqlite").read_bytes()

    def feed(data: bytes) -> None:
        for left in ("plan.sqlite", "plan.sqlite-journal", "plan.sqlite-wal"):
            with contextlib.suppress(FileNotFoundError):
                os.remove(left)
        kept("plan.sqlite", data)
        with Plan("plan.sqlite") as plan:
            plan.stage, plan.options, plan.moved, plan.left_out(), plan.count_unseen()
            for split in ("train", "test"):
                plan.planned(split, 0, plan.count_planned(split) % 1000)
            drain(plan.unseen())

    return Target([seed], feed, share=15)


def danbooru() -> Target:
    from tf_deeppaint.data.sources.danbooru import Danbooru

    post = {"id": 7, "file_ext": "png", "rating": "s", "tags": [{"name": "solo"}]}
    other = {"id": "8", "file_ext": "jpg", "rating": "g", "tag_string": "solo white_background"}
    line, more = (json.dumps(one).encode() for one in (post, other))
    seeds = [line + b"\n" + more + b"\n", b"[" + line + b", " + more + b"]", line]

    def feed(data: bytes) -> None:
        kept("pictures/0008/8.jpg", b"x")
        kept("posts.json", data)
        drain(Danbooru("pictures", ["posts.json"]).drawings())

    def change(data: bytes, rng: random.Random) -> bytes:
        if data == line:
            return mutate_json(data, rng) + rng.choice((b"", b"\n", b"\n" * 99, b"\r\n{}"))
        return mutate(data, rng, seeds)

    return Target(seeds, feed, change, share=40)


def pairs() -> Target:
    from tests.helpers.picture_files import encode, image
    from tf_deeppaint.data.sources.pairs import Pairs
    from tf_deeppaint.data.sources.registry import Example
    from tf_deeppaint.palette.extraction import palette_to_json

    palette = palette_to_json(np.arange(48, dtype=np.uint8).reshape(4, 4, 3)).encode()
    picture = encode(image("RGB").resize((34, 20)), "PNG")
    kept("folder/train/a.png", picture)

    def feed(data: bytes) -> None:
        kept("folder/colorgram/a.json", data)
        Pairs("folder").load(Example("train/a.png"), 64)

    return Target([palette], feed, mutate_json, share=30)


def palettes() -> Target:
    from tf_deeppaint.palette.extraction import palette_to_json, read_palette

    seed = palette_to_json(np.arange(48, dtype=np.uint8).reshape(4, 4, 3)).encode()

    def feed(data: bytes) -> None:
        palette = read_palette(kept("palette.json", data))
        assert palette.shape == (4, 4, 3) and palette.dtype == np.uint8

    return Target([seed], feed, mutate_json, share=80)


def colors() -> Target:
    from tf_deeppaint.palette import named_colors

    def feed(data: bytes) -> None:
        text = data.decode("utf-8", "surrogateescape")
        with contextlib.suppress(DeepPaintError):
            named_colors.parse_bands(text)
        named_colors.choose_palette(None, named_colors.parse_colors(text), None)

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
        fetching._extract(io.BytesIO(data), ["*.svg"], Path("art"), 1)
        assert set(os.listdir(".")) <= {"art"}

    return Target(seeds, feed, share=20)


# --- models -------------------------------------------------------------------------------------


@functools.cache
def archive_parts() -> dict[str, bytes]:
    from tf_deeppaint.networks.generator import Generator
    from tf_deeppaint.networks.model_files import write_generator

    write_generator(Generator(2, size=64), "seed.keras")
    with zipfile.ZipFile("seed.keras") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _zip(parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def archives() -> Target:
    """`.keras` files, up to where Keras would open them."""
    from tf_deeppaint.utils.keras_archives import check_foreign, read_config

    parts = archive_parts()

    def feed(data: bytes) -> None:
        path = kept("model.keras", data)
        read_config(path)
        check_foreign(path)

    # Small, so that most changes hit what is not numbers, and many can be tried.
    small = parts | {"model.weights.h5": _small_weights()}

    def change(data: bytes, rng: random.Random) -> bytes:
        return _zip(_changed_parts(small, rng))

    return Target([_zip(parts), _zip(small)], feed, change, share=25)


def _small_weights() -> bytes:
    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as stored:
        stored["layers/conv/vars/0"] = np.ones((3, 3, 2, 2), np.float32)
        stored["layers/conv/vars/1"] = np.ones(2, np.float32)
    return buffer.getvalue()


def _changed_parts(parts: dict[str, bytes], rng: random.Random) -> dict[str, bytes]:
    choice = rng.random()
    if choice < 0.4:
        return parts | {"config.json": mutate_json(parts["config.json"], rng)}
    if choice < 0.9:
        return parts | {"model.weights.h5": mutate(parts["model.weights.h5"], rng)}
    return parts | {rng.choice(("../x", "/x", "a/" * 99, "config.json.")): b"x"}


def generators() -> Target:
    """`.keras` files to the last step; making the network takes a part of a second."""
    from tf_deeppaint.networks.model_files import read_generator

    parts = archive_parts()

    def feed(data: bytes) -> None:
        read_generator(kept("model.keras", data))

    def change(data: bytes, rng: random.Random) -> bytes:
        return _zip(_changed_parts(parts, rng))

    return Target([_zip(parts)], feed, change, share=1)


def weights() -> Target:
    """HDF5 alone: small, so that most changes hit what is not numbers."""
    from tf_deeppaint.utils.keras_archives import check_foreign

    def feed(data: bytes) -> None:
        check_foreign(kept("model.h5", data))

    return Target([_small_weights()], feed, share=60)


def arrays() -> Target:
    from tf_deeppaint.networks.vgg16 import read_arrays

    shapes = {"a": (2, 3), "b": (4,)}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, a=np.ones((2, 3)), b=np.ones(4, np.float32))

    def feed(data: bytes) -> None:
        read_arrays(kept("weights.npz", data), "VGG16", shapes)

    return Target([buffer.getvalue()], feed, share=30)


def torch_checkpoints() -> Target:
    import torch

    from tf_deeppaint.networks.torch_weights import load_state_dict

    state = {"model_state": {"a.weight": torch.ones(2, 3), "a.bias": torch.ones(2).half()}}
    seeds = []
    for is_zip in (True, False):
        buffer = io.BytesIO()
        torch.save(state, buffer, _use_new_zipfile_serialization=is_zip)
        seeds.append(buffer.getvalue())

    def feed(data: bytes) -> None:
        load_state_dict(kept("model.pth.tar", data))

    def change(data: bytes, rng: random.Random) -> bytes:
        if not data.startswith(b"PK"):
            return mutate(data, rng)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        name = rng.choice(list(parts))
        return _zip(parts | {name: mutate(parts[name], rng)})

    return Target(seeds, feed, change, share=30)


def checkpoints() -> Target:
    """The state of a training: what a disk makes of it, not a stranger."""
    import tensorflow as tf

    from tf_deeppaint.training import checkpoints

    class Model:
        def __init__(self):
            self.steps = tf.Variable(3, dtype=tf.int64)
            self.weights = [tf.Variable(tf.ones([4, 4])) for _ in range(3)]

    model = Model()
    keeper = object.__new__(checkpoints.Checkpoints)
    keeper.model, keeper.folder, keeper.keep, keeper.aside = model, "state", 2, None
    keeper.state = tf.train.Checkpoint(weights=model.weights, steps=model.steps)
    os.makedirs("state", exist_ok=True)
    keeper.save()
    names = ("state-3.index", "state-3.data-00000-of-00001")
    index, data_file = (Path("state", name).read_bytes() for name in names)

    def feed(data: bytes) -> None:
        kept(f"state/{names[0]}", data[: len(index)] if len(data) > len(index) else data)
        kept(f"state/{names[1]}", data[len(index) :] or data_file)
        with contextlib.redirect_stderr(io.StringIO()):
            keeper.restore()

    return Target([index + data_file], feed, share=10)


# --- runs, programs, requests -------------------------------------------------------------------


def runs() -> Target:
    """options.json and metrics.jsonl of a run that is to go on, and its lock."""
    import dataclasses

    from tf_deeppaint.training.metrics_log import MetricsLog
    from tf_deeppaint.training.options import TrainingOptions
    from tf_deeppaint.training.run_directory import open_run
    from tf_deeppaint.utils import locks

    options = TrainingOptions(data=("a",), run="run", augment=())
    stored = json.loads(json.dumps(dataclasses.asdict(options)))
    line = {"step": 5, "group": "validation", "l1": 0.5}
    seeds = [json.dumps(stored).encode(), json.dumps(line).encode()]
    locks.WATCH_S = 0.0  # a sign of life that will not come is not waited for

    def feed(data: bytes) -> None:
        kept("run/metrics.jsonl", data + b"\n" + data)
        metrics_log = MetricsLog(Path("run/metrics.jsonl"))
        metrics_log.rewind(5)
        metrics_log.smallest("validation", "l1"), metrics_log.has(5, "training")
        kept("run/.lock", data)
        kept("run/options.json", data)
        with contextlib.redirect_stdout(io.StringIO()), locks.hold("run/.lock", "training"):
            open_run(options, "")

    return Target(seeds, feed, mutate_json, share=15)


def clusters() -> Target:
    """TF_CONFIG, as a scheduler sets it."""
    from tf_deeppaint.training import distribution

    cluster = {"worker": ["a:1", "b:2"]}
    seed = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": 1}}).encode()

    def feed(data: bytes) -> None:
        os.environ["TF_CONFIG"] = data.decode("utf-8", "surrogateescape").replace("\0", "")
        try:
            distribution.is_chief(), distribution._workers()
        finally:
            del os.environ["TF_CONFIG"]

    return Target([seed], feed, mutate_json, share=15)


def flagfiles() -> Target:
    from absl import flags

    from tf_deeppaint.utils import programs

    own = flags.FlagValues()
    flags.DEFINE_integer("width", 64, "", lower_bound=2, flag_values=own)
    flags.DEFINE_float("rate", 0.1, "", lower_bound=0.0, flag_values=own)
    flags.DEFINE_list("data", [], "", flag_values=own)
    flags.DEFINE_enum("norm", "batch", ["batch"], "", flag_values=own)
    flags.DEFINE_bool("fresh", False, "", flag_values=own)
    flags.DEFINE_string("flagfile", "", "", flag_values=own)
    seeds = [b"# a run\n--width=16\n--data=a,b\n--norm=batch\n--fresh\n--rate=1e-3\n"]
    seeds += [b"--flagfile=flags.txt\n--nofresh\n", b"-width 4\n--rate\n0.5\n"]

    def feed(data: bytes) -> None:
        kept("flags.txt", data)
        own.unparse_flags()
        said = io.StringIO()
        flags.FLAGS, before = own, flags.FLAGS
        try:
            with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
                programs._parse(["x", "--flagfile=flags.txt"])
        except SystemExit as error:
            assert error.code in (0, 1)
        finally:
            flags.FLAGS = before

    return Target(seeds, feed, share=20)


def layers() -> Target:
    """Names of layers and of files, as pictures bring them."""
    from tf_deeppaint.painting.layer_files import Layer, write_layers

    rgba = np.zeros((3, 4, 4), np.uint8)

    def feed(data: bytes) -> None:
        name = data.decode("utf-8", "surrogateescape")
        for path in ("out/x.ora", "out/layers"):
            write_layers(path, [Layer("paper", rgba), Layer(name, rgba)])
        with zipfile.ZipFile("out/x.ora") as archive:
            assert archive.testzip() is None
            assert not any(".." in item or item.startswith("/") for item in archive.namelist())
        for found in os.listdir("out/layers"):
            os.remove(f"out/layers/{found}")
        assert set(os.listdir(".")) <= {"out"} and set(os.listdir("out")) == {"x.ora", "layers"}

    seeds = [b"color 1", b"../../x", b"/etc/passwd", "häär\n".encode(), b"a" * 4000, b"\xff\xfe"]
    return Target(seeds, feed, share=20)


def names() -> Target:
    """Paths to write to: `..`, links, bytes that are no UTF-8, names of thousands of letters."""
    from tf_deeppaint.utils import files

    seeds = [b"a.png", b"in/b.json", b"../c", b"\xff\xfe.png", b"n" * 4000, b"d/" * 900, b"e\n.png"]

    def feed(data: bytes) -> None:
        path = data.decode("utf-8", "surrogateescape")
        if files.is_remote(path) or path.startswith("/"):
            return
        if os.path.normpath(os.path.join("in", path)).startswith(".."):
            return
        # One of its own: what others have left below it would be walked through again.
        home = tempfile.mkdtemp(prefix="in-", dir=".")
        path = os.path.join(home, path)
        files.write_bytes(path, b"1")
        assert files.read_bytes(path) == b"1" and files.is_file(path)
        drain(files.walk(home, (".png",)))
        files.remove(path)

    return Target(seeds, feed, share=30)


def studio() -> Target:
    """What a browser, or anybody, sends the studio: payloads of its events."""
    import logging

    from tests.helpers.painters import FakeEngine
    from tf_deeppaint import Painter
    from tf_deeppaint.studio.examples import PALETTES
    from tf_deeppaint.studio.page import Handlers
    from tf_deeppaint.studio.sessions import Sessions, palette_to_codes

    logging.disable(logging.CRITICAL)
    sessions = Sessions(Painter(FakeEngine()), os.path.abspath("files"))
    handlers = Handlers(sessions)
    sketch = sessions.write_example(0)[0]
    state = sessions.paint(sessions.examples[0].sketch, PALETTES["Sea"])
    codes = palette_to_codes(PALETTES["Sea"])
    file = {"path": sketch, "orig_name": "a.png", "meta": {"_type": "gradio.FileData"}}
    seeds = [
        ["check_sketch", file],
        ["color", "file", file, {"composite": file}, False, codes, "original", 0],
        ["color", "drawn", None, {"composite": file}, True, codes, "network", 1],
        ["recolor", codes, "STATE", "original", 0],
        ["take_reference", file, "STATE", "original", 0],
        ["take_ready_palette", "Sea", "STATE", "original", 0],
        ["show", "STATE", "network", 2],
        ["save_picture", "STATE", "original"],
        ["take_example", "original", 0, {"index": 1}],
    ]
    encoded = [json.dumps(seed).encode() for seed in seeds]
    methods = {seed[0] for seed in seeds}

    def feed(data: bytes) -> None:
        try:
            request = json.loads(data)
        except (ValueError, RecursionError):
            return  # Gradio's own business
        if not isinstance(request, list) or not request or request[0] not in methods:
            return
        name, *given = request
        # State lives on the server; what the browser sends in its place is not looked at.
        slot = {"recolor": 1, "take_reference": 1, "take_ready_palette": 1}
        slot |= {"show": 0, "save_picture": 0}
        at = slot.get(name)
        if len(given) != {len(s) - 1 for s in seeds if s[0] == name}.pop():
            return
        if at is not None:
            given[at] = state
        if name == "take_example":
            given[2] = type("Event", (), given[2] if isinstance(given[2], dict) else {})
            given[2].index = getattr(given[2], "index", None)
        told = contextlib.redirect_stdout(io.StringIO())
        with told, contextlib.redirect_stderr(io.StringIO()):
            getattr(handlers, name)(*given)

    def change(data: bytes, rng: random.Random) -> bytes:
        request = json.loads(data)
        at = rng.randrange(1, len(request))
        if rng.random() < 0.5:
            request[at] = json.loads(mutate_json(json.dumps([request[at]]).encode(), rng) or b"[0]")
            request[at] = request[at][0] if isinstance(request[at], list) and request[at] else None
        else:
            request[at] = rng.choice([odd for odd in ODD_VALUES if odd != 10**4000])
        return json.dumps(request).encode()

    def careful(data: bytes, rng: random.Random) -> bytes:
        try:
            return change(data, rng)
        except (ValueError, RecursionError):  # JSON changed so much that it is none, or too deep
            return data

    return Target(encoded, feed, careful, share=5)


# --- artifacts --------------------------------------------------------------------------------


def served() -> Target:
    """Requests to an exported SavedModel, as bodies of JSON, through TensorFlow's own session."""
    import base64

    import tensorflow as tf

    from tests.helpers.picture_files import one_of_each
    from tests.helpers.small_networks import make_network
    from tests.helpers.stand_in import Model
    from tf_deeppaint.serving.signatures import ServedGenerator

    module = ServedGenerator(make_network("mixture"), max_pixels=1 << 16)
    tf.saved_model.save(module, "served", signatures=module.signatures())
    model = Model("served")
    pictures = [data for name, data in one_of_each().items() if "WebP" not in name]
    files = [{"b64": base64.b64encode(data).decode()} for data in pictures]
    palette = np.full((1, 4, 4, 3), 200).tolist()
    names = ("sketch_bytes", "reference_bytes")
    seeds: list[dict] = [{"inputs": {name: [file] for name in names}} for file in files]
    seeds += [{"instances": [dict.fromkeys(names, file)]} for file in files[:2]]
    seeds += [
        {"signature_name": "paint_palette", "inputs": {names[0]: files[:1], "palette": palette}},
        {"signature_name": "palette", "instances": files},
        {
            "signature_name": "tensors",
            "inputs": {
                "sketch": np.zeros((1, 64, 64, 3)).tolist(),
                "histogram": np.zeros((1, 64, 64, 12)).tolist(),
            },
        },
    ]

    def feed(data: bytes) -> None:
        try:
            body = json.loads(data)
            signature = body.get("signature_name", "serving_default")
            inputs = model.from_json(signature, body)
        except Exception:
            return  # the server's own business
        try:
            found = model.run(signature, inputs)
        except (tf.errors.InvalidArgumentError, tf.errors.FailedPreconditionError) as error:
            raise DeepPaintError(error.message) from error
        for image in found.get("image_bytes", ()):
            assert image.startswith(b"\x89PNG")

    def change(data: bytes, rng: random.Random) -> bytes:
        if rng.random() < 0.4 or b'"b64"' not in data:
            try:
                return mutate_json(data, rng)
            except RecursionError:
                return data
        picture = rng.choice(pictures)
        is_png = picture.startswith(b"\x89PNG") and rng.random() < 0.7
        changed = mutate_png(picture, rng) if is_png else mutate(picture, rng)
        body = json.loads(data)
        inputs = body.get("inputs", body.get("instances"))
        inputs = inputs[0] if isinstance(inputs, list) else inputs
        name = rng.choice([name for name in inputs if name in (*names, "b64")])
        text = base64.b64encode(changed).decode()
        inputs[name] = text if name == "b64" else {"b64": text}
        if "inputs" in body:
            inputs[name] = [inputs[name]]
        return json.dumps(body).encode()

    return Target([json.dumps(seed).encode() for seed in seeds], feed, change, share=10)


def litert_files() -> Target:
    """What stands in a `.tflite` file about itself; its graph is LiteRT's to check."""
    from tests.helpers.small_networks import make_network
    from tf_deeppaint.exporting.litert import convert
    from tf_deeppaint.painting.litert_backend import read_metadata

    whole = convert(make_network("mixture"))
    # Metadata come last; so do most changes, while the weights before it hold nothing of ours.
    head = 4096

    def feed(data: bytes) -> None:
        read_metadata(kept("model.tflite", data))

    def change(data: bytes, rng: random.Random) -> bytes:
        if rng.random() < 0.5:
            return mutate(data[:head], rng) + data[head:]
        return data[:-head] + mutate(data[-head:], rng)

    return Target([whole], feed, change, share=10)


TARGETS: dict[str, Callable[[], Target]] = {
    "pictures": pictures,
    "records": records,
    "examples": examples,
    "verification": verification,
    "manifests": manifests,
    "shard notes": notes,
    "plans": plans,
    "Danbooru metadata": danbooru,
    "pair JSON": pairs,
    "palettes JSON": palettes,
    "colors": colors,
    "packages": packages,
    ".keras archives": archives,
    "generators": generators,
    "HDF5 weights": weights,
    "NPZ weights": arrays,
    "PyTorch checkpoints": torch_checkpoints,
    "training checkpoints": checkpoints,
    "run directories": runs,
    "TF_CONFIG": clusters,
    "flagfiles": flagfiles,
    "layers": layers,
    "names of files": names,
    "studio requests": studio,
    "SavedModel requests": served,
    "LiteRT files": litert_files,
}
