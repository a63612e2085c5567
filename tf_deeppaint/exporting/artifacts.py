"""Exported networks, opened whatever their format."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tf_deeppaint.images.pixels import to_signed_unit_range
from tf_deeppaint.networks import heads
from tf_deeppaint.networks.base import PaintingNetwork
from tf_deeppaint.networks.inputs import to_inputs
from tf_deeppaint.networks.model_files import NETWORKS, load_generator, with_precision
from tf_deeppaint.painting.converted.onnx_backend import OnnxBackend
from tf_deeppaint.painting.litert_backend import LiteRtBackend
from tf_deeppaint.palette.mixing import Mixture
from tf_deeppaint.utils import files, keras_archives, walking
from tf_deeppaint.utils.commands import command
from tf_deeppaint.utils.errors import DeepPaintError, one_line

# Of files that are opened.
SUFFIXES = (".tflite", ".onnx", ".keras")
# The signature of a SavedModel that takes the network's own inputs.
TENSORS = "tensors"


class Artifact(NamedTuple):
    """An exported network.

    Attributes:
        path: The file or folder.
        precision: `"float32"`, `"float16"`, `"dynamic_int8"` or `"full_int8"`.
        size: Side of its canvas in pixels; 0 for any.
        paint: Paints one uint8 canvas `(1, S, S)` with a palette `(1, 4, 4, 3)`: float32
            `(1, S, S, 3)` in [-1, 1].
        mix: Mixes the same picture of the weights, shade and ink that painting takes; None where
            the artifact has none.
    """

    path: str
    precision: str
    size: int
    paint: Callable[[np.ndarray, np.ndarray], np.ndarray]
    mix: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None


def open_artifact(path: str | os.PathLike) -> Artifact:
    """Opens a `.tflite`, `.onnx` or `.keras` file, or the folder of a SavedModel.

    Raises:
        DeepPaintError: The artifact is missing, damaged, or of another kind.
    """
    path, suffix = os.fspath(path), Path(path).suffix
    if files.is_folder(path) and files.is_file(files.join(path, "saved_model.pb")):
        return _open_saved_model(path)
    if suffix not in SUFFIXES:
        raise DeepPaintError(
            f"{path}: neither a SavedModel nor a file that ends in {', '.join(SUFFIXES)}"
        )
    if not files.is_file(path):
        raise DeepPaintError(f"{path}: no such file")
    if suffix == ".keras":
        return _open_keras(path)
    backend = OnnxBackend(path) if suffix == ".onnx" else LiteRtBackend(path)
    metadata, outputs = backend.metadata, backend.outputs

    def paint(sketch: np.ndarray, palette: np.ndarray) -> np.ndarray:
        return outputs(sketch, palette, ["image"])[0]

    def mix(sketch: np.ndarray, palette: np.ndarray) -> np.ndarray:
        mixture = Mixture(*outputs(sketch, palette, Mixture._fields))
        mixed = heads.mix(mixture, to_signed_unit_range(palette.astype(np.float32)))
        return keras.ops.convert_to_numpy(mixed)

    has_parts = metadata["head"] == "mixture"
    return Artifact(
        path, metadata["precision"], metadata["size"], paint, mix if has_parts else None
    )


def _open_keras(path: str) -> Artifact:
    if keras_archives.read_config(path).get("registered_name") in NETWORKS:
        network = load_generator(path)
        precision = "float16" if network.variable_dtype == "float16" else "float32"
        return Artifact(path, precision, 0, network_painter(network))
    keras_archives.check_foreign(path)
    try:
        model = keras.saving.load_model(path, compile=False)
    # Keras raises zip, JSON, HDF5, type errors and more.
    except Exception as error:
        raise DeepPaintError(
            f"{path}: cannot be loaded as a Keras model ({one_line(error)})"
        ) from error
    if {tensor.name for tensor in getattr(model, "inputs", ())} != {"sketch", "histogram"}:
        raise DeepPaintError(f"{path}: not written by `{command('export keras')}`")
    paint = tf.function(
        lambda sketch, palette: model(to_inputs(sketch, palette))["image"], autograph=False
    )
    size = model.get_layer("sketch").batch_shape[1]
    return Artifact(path, "float32", size, lambda *canvas: paint(*canvas).numpy())


def _open_saved_model(path: str) -> Artifact:
    try:
        model = tf.saved_model.load(path)
    # TensorFlow raises errors of many classes.
    except Exception as error:
        raise DeepPaintError(
            f"{path}: cannot be loaded as a SavedModel ({one_line(error)})"
        ) from error
    if TENSORS not in model.signatures:
        raise DeepPaintError(f"{path}: has no signature {TENSORS!r}; export the network again")

    def paint(sketch: np.ndarray, palette: np.ndarray) -> np.ndarray:
        inputs = to_inputs(tf.constant(sketch), tf.constant(palette))
        # Looked up at every call: a signature does not keep its model alive.
        return model.signatures[TENSORS](**inputs)["image"].numpy()

    return Artifact(path, "float32", 0, paint)


def network_painter(network: PaintingNetwork) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    """The function that paints with a network in float32; see `Artifact.paint`."""
    network = with_precision(network, "float32")
    paint = tf.function(
        lambda sketch, palette: network(to_inputs(sketch, palette)), autograph=False
    )
    return lambda sketch, palette: paint(tf.constant(sketch), tf.constant(palette)).numpy()


def size_of(path: str) -> int:
    """Bytes of a file, or of all files in a folder."""
    if not files.is_folder(path):
        return files.size(path)
    return sum(entry.bytes for entry in walking.walk(path, ("",)))
