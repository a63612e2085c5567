"""Targets of runs, programs, the studio and the served model."""

import contextlib
import io
import json
import os
import random
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from tests.hostile.mutations import ODD_VALUES, mutate, mutate_json, mutate_png
from tests.hostile.target import Target, drain, write_file
from tf_deeppaint.utils.errors import DeepPaintError


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
    locks.WATCH_S = locks.SETTLE_S = 0.0  # a sign of life that will not come is not waited for

    def feed(data: bytes) -> None:
        write_file("run/metrics.jsonl", data + b"\n" + data)
        metrics_log = MetricsLog(Path("run/metrics.jsonl"))
        metrics_log.rewind(5)
        metrics_log.smallest("validation", "l1"), metrics_log.has(5, "training")
        write_file("run/.lock", data)
        write_file("run/options.json", data)
        with contextlib.redirect_stdout(io.StringIO()), locks.hold("run/.lock", "training"):
            open_run(options)

    return Target(seeds, feed, mutate_json, share=15)


def clusters() -> Target:
    """TF_CONFIG, as a scheduler sets it."""
    from tf_deeppaint.training import distribution

    cluster = {"worker": ["a:1", "b:2"]}
    seed = json.dumps({"cluster": cluster, "task": {"type": "worker", "index": 1}}).encode()

    def feed(data: bytes) -> None:
        os.environ["TF_CONFIG"] = data.decode("utf-8", "surrogateescape").replace("\0", "")
        try:
            distribution.is_chief(), distribution._count_workers()
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
        write_file("flags.txt", data)
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
    from tf_deeppaint.painting.layer_files import write_layers
    from tf_deeppaint.painting.layers.layer import Layer

    rgba = np.zeros((3, 4, 4), np.uint8)

    def feed(data: bytes) -> None:
        name = data.decode("utf-8", "surrogateescape")
        for path in ("out/x.ora", "out/x.psd", "out/layers"):
            write_layers(path, [Layer("paper", rgba), Layer(name, rgba)])
        with zipfile.ZipFile("out/x.ora") as archive:
            assert archive.testzip() is None
            assert not any(".." in item or item.startswith("/") for item in archive.namelist())
        for found in os.listdir("out/layers"):
            os.remove(f"out/layers/{found}")
        assert set(os.listdir(".")) <= {"out"} and set(os.listdir("out")) == {
            "x.ora",
            "x.psd",
            "layers",
        }

    seeds = [b"color 1", b"../../x", b"/etc/passwd", "häär\n".encode(), b"a" * 4000, b"\xff\xfe"]
    return Target(seeds, feed, share=20)


def hints() -> Target:
    """Files of hints, as a transparent picture and as JSON."""
    from tf_deeppaint.images.encoding import encode_png
    from tf_deeppaint.painting.hints.hint_files import load_hints

    rgba = np.zeros((40, 30, 4), np.uint8)
    rgba[5:9, 4:20] = (200, 30, 40, 255)
    rgba[30, 20] = (0, 0, 255, 255)
    listed = [
        {"x": 3, "y": 4, "color": "#c81e28"},
        {"points": [[1, 2], [20, 30]], "color": [1, 2, 3], "everywhere": True},
    ]

    def feed(data: bytes) -> None:
        suffix = "json" if data.lstrip()[:1] in b"[{" else "png"
        for hint in load_hints(write_file(f"hints.{suffix}", data), (40, 30)):
            assert all(0 <= x < 30 and 0 <= y < 40 for x, y in hint.points)
            assert len(hint.color) == 3 and set(map(type, hint.color)) == {int}

    def change(data: bytes, rng: random.Random) -> bytes:
        return (mutate_png if data.startswith(b"\x89PNG") else mutate_json)(data, rng)

    return Target([encode_png(rgba), json.dumps(listed).encode()], feed, change, share=60)


def names() -> Target:
    """Paths to write to: `..`, links, bytes that are no UTF-8, names of thousands of letters."""
    from tf_deeppaint.utils import files, walking

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
        drain(walking.walk(home, (".png",)))
        files.remove(path)

    return Target(seeds, feed, share=30)


def studio() -> Target:
    """What a browser, or anybody, sends the studio: payloads of its events."""
    import logging

    from tests.helpers.painters import FakeBackend
    from tf_deeppaint import Painter
    from tf_deeppaint.studio.examples import PALETTES
    from tf_deeppaint.studio.sessions import Sessions, palette_to_codes
    from tf_deeppaint.studio.work.handlers import Handlers

    logging.disable(logging.CRITICAL)
    sessions = Sessions(Painter(FakeBackend()), os.path.abspath("files"))
    handlers = Handlers(sessions)
    path = sessions.write_example(0)[0]
    file = {"path": path, "orig_name": "a.png"}
    swatches = {"codes": palette_to_codes(PALETTES["Sea"]), "locks": [False] * 16}
    sketch = {"source": "file", "file": file, "clean": "auto", "recolor": False, "gap": "8"}
    drawn = {"source": "drawn", "drawn": file, "clean": "off", "recolor": True, "gap": "auto"}
    look = {"lines": "original", "attention": 0, "line_color": "keep", "paper": "auto"}
    inside = {"lines": "network", "attention": 2, "line_color": "#203060", "paper": "white"}
    hint = {"kind": "hint", "x": 250, "y": 250, "color": "#12ab34", "everywhere": True}
    seeds = [
        ["take_sketch", sketch, look],
        ["read_again", sketch, swatches, look],
        ["color", sketch, swatches, look],
        ["color", drawn, swatches, inside],
        ["take_example", {"example": 1}, swatches, look],
        ["take_reference", {"file": file}, swatches, look],
        ["take_ready_palette", {"name": "Sea"}, swatches, look],
        ["import_palette", swatches | {"file": file}, look],
        ["save_palette", swatches | {"kind": "json"}],
        ["recolor", swatches | {"changed": 3}, look],
        ["edit", hint, look],
        ["edit", {"kind": "remove", "number": 0}, look],
        ["edit", {"kind": "undo"}, look],
        ["show", inside],
        ["save", {"kind": "recipe"}, look],
        ["color_all", {"files": [file]}, sketch, swatches, look],
        ["restore", look],
    ]
    encoded = [json.dumps(seed).encode() for seed in seeds]
    counts = {seed[0]: len(seed) for seed in seeds}

    def feed(data: bytes) -> None:
        try:
            request = json.loads(data)
        except (ValueError, RecursionError):
            return  # Gradio's own business
        if not isinstance(request, list) or not request or not isinstance(request[0], str):
            return
        name, *given = request
        if counts.get(name) != len(request):
            return
        work = handlers.works.get("0" * 32, "page")
        if work.state is None:
            handlers.color(work, sketch, swatches, look)
        work.is_stale = False
        told = contextlib.redirect_stdout(io.StringIO())
        with told, contextlib.redirect_stderr(io.StringIO()):
            getattr(handlers, name)(work, *given)

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
    pictures = one_of_each()
    valid = [data for name, data in pictures.items() if name.startswith(("PNG", "JPEG"))]
    files = [{"b64": base64.b64encode(data).decode()} for data in valid]
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
        picture = rng.choice(list(pictures.values()))
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

    encoded = [json.dumps(seed).encode() for seed in seeds]
    for request in encoded:
        feed(request)  # the first use of a signature optimizes its graph, which takes seconds
    return Target(encoded, feed, change, share=10)
