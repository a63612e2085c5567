"""Exported networks, opened whatever their format, and held against the network they came from."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tf_deeppaint.data import loading
from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.evaluation import metrics
from tf_deeppaint.exporting import onnx_model
from tf_deeppaint.images.canvas import fit_to_canvas
from tf_deeppaint.images.pixels import from_unit_range
from tf_deeppaint.networks.base import PaintingNetwork
from tf_deeppaint.networks.inputs import to_inputs
from tf_deeppaint.networks.model_files import NETWORKS, load_generator, with_precision
from tf_deeppaint.painting import litert_backend
from tf_deeppaint.palette.extraction import extract_palette
from tf_deeppaint.utils import files, keras_archives
from tf_deeppaint.utils.errors import DeepPaintError, one_line

_SAVED_MODEL = "saved_model.pb"
# Of the SavedModel's signatures the one that takes what the network takes.
TENSORS = "tensors"

# Records that are looked at, and drawn pictures where there is no data.
RECORDS, DRAWN = 16, 3

# What a precision has to keep to: the difference of float32, and the smallest PSNR in dB and the
# largest mean CIEDE2000. Where two values of a pooling cell are alike but for their last bits,
# rounding decides which of them wins, and the picture hangs on it: the bundled network in float32
# is up to 4e-3 from itself in float64, and on a canvas of 512 pixels, for which it was not trained,
# up to 0.12, with a value in a thousand over 1e-3. So that bound is for nearly all of the values,
# and the PSNR is for the rest: a part of the picture that came out wrong has no 60 dB.
MAX_DIFFERENCE = 1e-3
NEARLY_ALL = 0.99
MIN_PSNR = {"float32": 60.0, "float16": 45.0, "dynamic_int8": 32.0, "full_int8": 32.0}
MAX_CIEDE2000 = {"dynamic_int8": 2.0, "full_int8": 2.0}


class Artifact(NamedTuple):
    """An exported network.

    Attributes:
        path: Where it lies, a file or a folder.
        precision: `"float32"`, `"float16"`, `"dynamic_int8"` or `"full_int8"`.
        size: Side of its canvas in pixels; 0 where it takes any.
        paint: Paints one uint8 canvas `(1, S, S)` with a palette `(1, 4, 4, 3)`: float32
            `(1, S, S, 3)` in [-1, 1].
    """

    path: str
    precision: str
    size: int
    paint: Callable[[np.ndarray, np.ndarray], np.ndarray]


class Fidelity(NamedTuple):
    """How far an artifact's pictures are from the network's.

    Attributes:
        pictures: How many were painted.
        size: Side of their canvas.
        precision: See `Artifact`.
        largest: The largest difference of a value, in [-1, 1].
        nearly_all: The difference that the share `NEARLY_ALL` of the values keeps to.
        mean: The mean difference.
        psnr: In dB, of all values together; 100 at most.
        ciede2000: The mean over all pixels.
        milliseconds: A picture takes the artifact, the median.
        network_milliseconds: The same for the network in Keras.
        bytes: Size of the artifact.
    """

    pictures: int
    size: int
    precision: str
    largest: float
    nearly_all: float
    mean: float
    psnr: float
    ciede2000: float
    milliseconds: float
    network_milliseconds: float
    bytes: int


def open_artifact(path: str | os.PathLike) -> Artifact:
    """Opens a `.tflite`, `.onnx` or `.keras` file, or the folder of a SavedModel.

    Raises:
        DeepPaintError: nothing there, damaged, or of another kind.
    """
    path = os.fspath(path)
    if files.is_folder(path) and files.is_file(files.join(path, _SAVED_MODEL)):
        return _open_saved_model(path)
    openers = {
        litert_backend.SUFFIX: _open_litert,
        onnx_model.SUFFIX: _open_onnx,
        ".keras": _open_keras,
    }
    opener = openers.get(Path(path).suffix)
    if opener is None:
        raise DeepPaintError(
            f"{path}: neither a SavedModel nor a file that ends in {', '.join(openers)}"
        )
    if not files.is_file(path):
        raise DeepPaintError(f"{path}: no such file")
    return opener(path)


def measure(
    network: PaintingNetwork, artifact: Artifact, sketches: np.ndarray, palettes: np.ndarray
) -> Fidelity:
    """Paints the same with both.

    Args:
        network: What the artifact was made of.
        artifact: What is measured.
        sketches: uint8 gray `(N, S, S)`, S being the side of the artifact's canvas.
        palettes: uint8 `(N, 4, 4, 3)`.
    """
    given = [(sketches[n : n + 1], palettes[n : n + 1]) for n in range(len(sketches))]
    truth, network_seconds = _paint_all(_network_painter(network), given)
    found, seconds = _paint_all(artifact.paint, given)
    apart = np.abs(found.astype(np.float64) - truth)
    square = np.mean(apart**2)
    colors = metrics.ciede2000(from_unit_range(found), from_unit_range(truth))
    return Fidelity(
        pictures=len(sketches),
        size=sketches.shape[1],
        precision=artifact.precision,
        largest=float(apart.max()),
        nearly_all=float(np.quantile(apart, NEARLY_ALL)),
        mean=float(apart.mean()),
        psnr=float(metrics.to_psnr(square / 4)),  # [-1, 1] is 2 wide
        ciede2000=float(np.mean(colors)),
        milliseconds=1000 * seconds,
        network_milliseconds=1000 * network_seconds,
        bytes=_bytes_of(artifact.path),
    )


def complaints(found: Fidelity) -> list[str]:
    """What is over the bounds of its precision, in words; nothing where it keeps to them."""
    said = []
    if found.precision == "float32" and not found.nearly_all <= MAX_DIFFERENCE:
        said.append(f"a difference of {found.nearly_all:.2g}, over {MAX_DIFFERENCE}")
    if not found.psnr >= MIN_PSNR[found.precision]:
        said.append(f"a PSNR of {found.psnr:.1f} dB, under {MIN_PSNR[found.precision]:.0f}")
    if not found.ciede2000 <= MAX_CIEDE2000.get(found.precision, np.inf):
        said.append(f"a CIEDE2000 of {found.ciede2000:.2f}, over {MAX_CIEDE2000[found.precision]}")
    return said


def describe(found: Fidelity) -> list[tuple[str, str]]:
    """The figures as rows of name and value."""
    return [
        ("pictures", f"{found.pictures} of {found.size} pixels"),
        ("largest difference", f"{found.largest:.2g} of values in [-1, 1]"),
        (f"{NEARLY_ALL:.0%} of the values", f"within {found.nearly_all:.2g}"),
        ("mean difference", f"{found.mean:.2g}"),
        ("PSNR", f"{found.psnr:.1f} dB"),
        ("mean CIEDE2000", f"{found.ciede2000:.3f}"),
        ("milliseconds a picture", f"{found.milliseconds:.0f}"),
        ("the network in Keras", f"{found.network_milliseconds:.0f} milliseconds"),
        ("size", f"{found.bytes / 1e6:.1f} MB"),
    ]


def summary(path: str | os.PathLike, found: Fidelity) -> str:
    """An artifact in a line."""
    return (
        f"{path}: {found.bytes / 1e6:.1f} MB, {found.psnr:.1f} dB and CIEDE2000 "
        f"{found.ciede2000:.3f} from the network, {found.milliseconds:.0f} ms a picture"
    )


# === Pictures ===


def drawn_samples(size: int, background: str, count: int = DRAWN) -> tuple[np.ndarray, np.ndarray]:
    """Sketches uint8 `(N, size, size)` and palettes of drawings made for the purpose."""
    dolls = Dolls(count)
    drawn = [dolls.load(drawing, size) for drawing in dolls.examples()]
    palettes = [extract_palette(one.picture, background) for one in drawn]
    return np.stack([one.sketch for one in drawn]), np.stack(palettes)


def stored_samples(
    directory: str | os.PathLike, split: str, size: int, background: str, count: int = RECORDS
) -> tuple[np.ndarray, np.ndarray]:
    """The first sketches of a data set, fitted onto a canvas, and their palettes.

    Raises:
        DeepPaintError: see `loading.first_records`; also a data set of another palette rule.
    """
    rule = loading.open_datasets([directory])[0].background
    if rule != background:
        raise DeepPaintError(
            f"{directory}: built with background={rule}, but the model was trained with "
            f"{background}; build with --background={background}"
        )
    sketches, _, palettes = loading.first_records(directory, split, count)
    return np.stack([fit_to_canvas(sketch, size)[0] for sketch in sketches]), palettes


# === Openers ===


def _open_litert(path: str) -> Artifact:
    backend = litert_backend.LiteRtBackend(path)

    def paint(sketch: np.ndarray, palette: np.ndarray) -> np.ndarray:
        return backend.outputs(sketch, palette, ["image"])[0]

    return Artifact(path, backend.metadata["precision"], backend.size, paint)


def _open_onnx(path: str) -> Artifact:
    model = onnx_model.OnnxPainting(path)
    return Artifact(path, model.metadata["precision"], model.metadata["size"], model.pictures)


def _open_keras(path: str) -> Artifact:
    document = keras_archives.read_config(path)
    if document.get("registered_name") in NETWORKS:
        network = load_generator(path)
        precision = "float16" if network.variable_dtype == "float16" else "float32"
        return Artifact(path, precision, 0, _network_painter(network))
    keras_archives.check_foreign(path)
    try:
        model = keras.saving.load_model(path, compile=False)
    # Keras raises whatever its parts raise: zip, JSON, HDF5, type errors and more.
    except Exception as error:
        raise DeepPaintError(
            f"{path}: cannot be loaded as a Keras model ({one_line(error)})"
        ) from error
    if {tensor.name for tensor in getattr(model, "inputs", ())} != {"sketch", "histogram"}:
        raise DeepPaintError(f"{path}: not written by `python -m export.keras_model`")
    paint = tf.function(lambda sketch, palette: model(to_inputs(sketch, palette))["image"])
    size = model.get_layer("sketch").batch_shape[1]
    return Artifact(path, "float32", size, lambda *given: paint(*given).numpy())


def _open_saved_model(path: str) -> Artifact:
    try:
        model = tf.saved_model.load(path)
    # Whatever reading a graph and its variables raises.
    except Exception as error:
        raise DeepPaintError(
            f"{path}: cannot be loaded as a SavedModel ({one_line(error)})"
        ) from error
    if TENSORS not in model.signatures:
        raise DeepPaintError(f"{path}: has no signature {TENSORS!r}; export the network again")

    def paint(sketch: np.ndarray, palette: np.ndarray) -> np.ndarray:
        inputs = to_inputs(tf.constant(sketch), tf.constant(palette))
        # Asked of the model every time: a signature does not keep alive what it belongs to.
        return model.signatures[TENSORS](**inputs)["image"].numpy()

    return Artifact(path, "float32", 0, paint)


def _network_painter(network: PaintingNetwork) -> Callable:
    network = with_precision(network, "float32")
    paint = tf.function(lambda sketch, palette: network(to_inputs(sketch, palette)))
    return lambda sketch, palette: paint(tf.constant(sketch), tf.constant(palette)).numpy()


# === Measuring ===


def _paint_all(paint: Callable, given: list) -> tuple[np.ndarray, float]:
    """The pictures of all, and the median of the seconds that one takes."""
    paint(*given[0])  # the first run traces, packs and allocates
    painted, seconds = [], []
    for sketch, palette in given:
        begun = time.perf_counter()
        painted.append(paint(sketch, palette))
        seconds.append(time.perf_counter() - begun)
    return np.concatenate(painted), float(np.median(seconds))


def _bytes_of(path: str) -> int:
    return sum(size for _, size in _files_of(path))


def _files_of(path: str) -> Iterator[tuple[str, int]]:
    if not files.is_folder(path):
        yield os.path.basename(path), files.size(path)
        return
    for entry in files.walk(path, ("",)):
        yield entry.name, entry.bytes
