"""Workloads of this library; see `harness.Workload`."""

import itertools
import tempfile
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import tensorflow as tf
from absl import flags

from tf_deeppaint import DeepPaint, Discriminator, Generator
from tf_deeppaint.data.augmentation import AUGMENTATIONS
from tf_deeppaint.data.loading import load_training
from tf_deeppaint.exporting.fidelity import drawn_samples
from tf_deeppaint.exporting.litert import convert
from tf_deeppaint.networks.folding import fold_norms
from tf_deeppaint.networks.inputs import to_inputs
from tf_deeppaint.networks.model_files import with_precision
from tf_deeppaint.painting.litert_backend import LiteRtBackend
from tf_deeppaint.palette.graph import palettes_to_histograms
from tf_deeppaint.training.options import TrainingOptions
from tf_deeppaint.training.plan import make_model, make_plan
from tf_deeppaint.utils.flagfiles import expand_flagfiles
from tf_deeppaint.utils.options import define_flags, flag_values


def training_step(width: int, size: int, batch: int, precision: str) -> Callable[[], object]:
    """One step of the GAN, on random pictures."""
    step = make_training_step(width, size, precision)
    shapes = training_shapes(batch, size)
    pictures = {key: tf.constant(_random_values(shape)) for key, shape in shapes.items()}
    return lambda: float(step(pictures)["generator_loss"])


def training_shapes(batch: int, size: int) -> dict[str, tuple]:
    """The shapes of a batch for `make_training_step`."""
    picture = (batch, size, size, 3)
    return {"sketch": picture, "palette": (batch, 4, 4, 3), "picture": picture}


def make_training_step(width: int, size: int, precision: str) -> Callable[[dict], dict]:
    """The step of a new GAN in a graph, as `fit` runs it."""
    generator = Generator(width, size=size, dtype=precision)
    model = DeepPaint(generator, Discriminator(width, dtype=precision))
    model.compile()
    return tf.function(model.train_step)


def recipe_steps(
    recipe: str, folder: str, precision: str, reads: bool, steps: int
) -> Callable[[], object]:
    """Steps of the training of a flagfile on a data set, or on its first batch again and again."""
    registry = flags.FlagValues()
    define_flags(TrainingOptions, registry=registry)
    registry(["", *expand_flagfiles([f"--flagfile={recipe}"]), f"--data={folder}"])
    given = flag_values(TrainingOptions, registry=registry)
    options = TrainingOptions(**given | {"precision": precision})
    step = tf.function(make_model(options, make_plan(options)).train_step)
    batches = load_training(
        options.data,
        options.batch_size,
        options.seed,
        options.augment,
        swapped_palettes=options.swapped_palettes,
        size=options.size,
        parts=bool(options.parts_weight),
    )
    endless = iter(batches) if reads else itertools.repeat(next(iter(batches)))

    def run() -> None:
        for batch in itertools.islice(endless, steps):
            losses = step(batch)
        losses["generator_loss"].numpy()

    return run


def forward(width: int, size: int, precision: str) -> Callable[[], object]:
    """One picture, in a graph, from NumPy to NumPy, with norms folded into kernels."""
    generator = with_precision(fold_norms(settled_generator(width, size)), precision)
    run = tf.function(lambda inputs: generator(inputs, training=False))
    channels = {"sketch": 3, "histogram": 12}
    inputs = {key: _random_values((1, size, size, count)) for key, count in channels.items()}
    return lambda: run({key: tf.constant(value) for key, value in inputs.items()}).numpy()


def litert(width: int, size: int, precision: str) -> Callable[[], object]:
    """One picture by the LiteRT file of a network."""
    file = Path(tempfile.mkdtemp(), "network.tflite")
    # Converting takes gigabytes, which a process of its own frees before anything is timed.
    with ProcessPoolExecutor(1, get_context("spawn")) as converting:
        converting.submit(_write_litert, file, width, size, precision).result()
    backend = LiteRtBackend(file)
    drawn = drawn_samples(size, "white", 1)
    return lambda: backend.outputs(*drawn, ["image"])


def settled_generator(width: int, size: int) -> Generator:
    """A generator of random weights whose norms have seen drawn pictures.

    Without their statistics features fade to denormal numbers, which are slow.
    """
    generator = Generator(width, size=size, background="white", seed=0)
    norms = [norm for _, norm in generator.normalized_convolutions()]
    momentum = norms[0].momentum
    for norm in norms:
        norm.momentum = 0.0
    drawn = map(tf.constant, drawn_samples(256, generator.background, 4))
    generator(to_inputs(*drawn), training=True)
    for norm in norms:
        norm.momentum = momentum
    return generator


def reading(folder: str, batch: int, batches: int, augmentations: list) -> Callable[[], object]:
    """Training batches of a data set, with histogram images."""

    def with_histograms(values: dict) -> dict:
        _, height, width, _ = values["sketch"].shape
        return values | {"histogram": palettes_to_histograms(values["palette"], height, width)}

    endless = iter(load_training([folder], batch, 0, augmentations).map(with_histograms))
    return lambda: [next(endless) for _ in range(batches)]


def first_batch(folder: str) -> Callable[[], object]:
    """From the manifest to the first batch of a shuffled, augmented stream."""
    return lambda: next(iter(load_training([folder], 4, 0, AUGMENTATIONS)))


def _write_litert(file: Path, width: int, size: int, precision: str) -> None:
    """Writes the LiteRT file of a network of random weights."""
    samples = zip(*drawn_samples(size, "white", 2), strict=True)
    file.write_bytes(convert(settled_generator(width, size), precision, samples=samples))


def _random_values(shape: tuple) -> np.ndarray:
    """float32 in [-1, 1], the same at every call."""
    return np.random.default_rng(0).uniform(-1, 1, shape).astype("float32")
