"""Targets of model files."""

import contextlib
import functools
import io
import os
import random
import zipfile
from pathlib import Path

import numpy as np

from tests.hostile.mutations import mutate, mutate_json
from tests.hostile.target import Target, write_file


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
        path = write_file("model.keras", data)
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
    from tf_deeppaint.networks.model_files import load_generator

    parts = archive_parts()

    def feed(data: bytes) -> None:
        load_generator(write_file("model.keras", data))

    def change(data: bytes, rng: random.Random) -> bytes:
        return _zip(_changed_parts(parts, rng))

    return Target([_zip(parts)], feed, change, share=1)


def weights() -> Target:
    """HDF5 alone: small, so that most changes hit what is not numbers."""
    from tf_deeppaint.utils.keras_archives import check_foreign

    def feed(data: bytes) -> None:
        check_foreign(write_file("model.h5", data))

    return Target([_small_weights()], feed, share=60)


def arrays() -> Target:
    from tf_deeppaint.networks.vgg16 import read_arrays

    shapes = {"a": (2, 3), "b": (4,)}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, a=np.ones((2, 3)), b=np.ones(4, np.float32))

    def feed(data: bytes) -> None:
        read_arrays(write_file("weights.npz", data), "VGG16", shapes)

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
        load_state_dict(write_file("model.pth.tar", data))

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
    keeper.model, keeper.folder, keeper.keep, keeper.own_folder = model, "state", 2, None
    keeper._last_step = None
    keeper.state = tf.train.Checkpoint(weights=model.weights, steps=model.steps)
    os.makedirs("state", exist_ok=True)
    keeper.save()
    names = ("state-3.index", "state-3.data-00000-of-00001")
    index, data_file = (Path("state", name).read_bytes() for name in names)

    def feed(data: bytes) -> None:
        write_file(f"state/{names[0]}", data[: len(index)] if len(data) > len(index) else data)
        write_file(f"state/{names[1]}", data[len(index) :] or data_file)
        with contextlib.redirect_stderr(io.StringIO()):
            keeper.restore()

    return Target([index + data_file], feed, share=10)


def litert_files() -> Target:
    """What stands in a `.tflite` file about itself; its graph is LiteRT's to check."""
    from tests.helpers.small_networks import make_network
    from tf_deeppaint.exporting.litert import convert
    from tf_deeppaint.painting.litert_backend import read_metadata

    whole = convert(make_network("mixture"))
    # Metadata come last; so do most changes, while the weights before it hold nothing of ours.
    head = 4096

    def feed(data: bytes) -> None:
        read_metadata(write_file("model.tflite", data))

    def change(data: bytes, rng: random.Random) -> bytes:
        if rng.random() < 0.5:
            return mutate(data[:head], rng) + data[head:]
        return data[:-head] + mutate(data[-head:], rng)

    return Target([whole], feed, change, share=10)
