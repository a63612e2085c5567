"""A network as a SavedModel for TensorFlow Serving: written aside, checked, renamed."""

import math
import os
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.evaluation import metrics
from tf_deeppaint.exporting import fidelity
from tf_deeppaint.exporting.outputs import written_aside
from tf_deeppaint.images.decoding import decode_picture
from tf_deeppaint.images.encoding import encode_png
from tf_deeppaint.networks.base import PaintingNetwork
from tf_deeppaint.painting.keras_backend import KerasBackend
from tf_deeppaint.painting.painter import Painter
from tf_deeppaint.palette.extraction import palette_to_histogram
from tf_deeppaint.serving.signatures import MAX_PIXELS, ServedGenerator
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError, one_line
from tf_deeppaint.utils.extras import import_extra
from tf_deeppaint.utils.silence import without_stderr

# Requests that TensorFlow Serving answers before it accepts others.
WARMUP = "assets.extra/tf_serving_warmup_requests"

# Sides in pixels of the drawings whose pictures are compared, and of their references.
_SIDES = (96, 256, 700)
_REFERENCE = 400
# The graph paints what the Painter does, within a level of rounding: 48 dB if all values are off.
MIN_PSNR = 45.0
BESIDE = "beside the Painter's pictures"
# The least that `max_pixels` may be: a picture of so many is taken by every SavedModel.
LEAST_PIXELS = 1 << 12

# Sketches, uint8 `(H, W)`, and references, uint8 `(H, W, 3)`.
Pictures = list[tuple[np.ndarray, np.ndarray]]
Rows = list[tuple[str, str]]


def write_saved_model(
    generator: PaintingNetwork,
    output: str | os.PathLike,
    max_pixels: int = MAX_PIXELS,
    overwrite: bool = False,
) -> Rows:
    """Writes a SavedModel with the signatures of `ServedGenerator` and requests to warm it up.

    It is written aside, loaded, and compared with network and Painter before it gets its name.

    Args:
        generator: A trained generator.
        output: The folder, for TensorFlow Serving a number below the model's folder.
        max_pixels: The most pixels of a picture that it takes.
        overwrite: Whether a folder that is there is replaced, once the new one is whole.

    Returns:
        Its fidelity, as rows of name and value for the model card.

    Raises:
        DeepPaintError: the folder is there already, or cannot be written; tensorflow-serving-api
            is not installed; or what the SavedModel paints differs.
    """
    if files.is_remote(output):
        raise DeepPaintError(
            f"{output}: a SavedModel is written on this machine; copy it from here"
        )
    output = Path(os.path.abspath(output))
    check_output_folder(output, overwrite)
    import_extra("tensorflow_serving.apis", "serving")
    served = ServedGenerator(generator, max_pixels)
    with written_aside(output) as aside:
        with without_stderr():  # warnings of functions that are saved without being called
            tf.saved_model.save(served, aside, signatures=served.signatures())
        _remove_gradient_names(aside)
        pictures = _draw_pictures(max_pixels)
        _write_warmup(aside, pictures)
        return _compare(aside, generator, pictures)


def check_output_folder(output: str | os.PathLike, overwrite: bool) -> None:
    """Raises DeepPaintError where a SavedModel would replace something else."""
    output = Path(output)
    if output.is_dir() and not any(output.iterdir()):
        return
    if os.path.lexists(output) and not overwrite:
        raise DeepPaintError(f"{output}: is there already; give --overwrite to replace it")
    if os.path.lexists(output) and not (output / "saved_model.pb").is_file():
        raise DeepPaintError(
            f"{output}: is no SavedModel, so it is not replaced; remove it yourself"
        )


def _write_warmup(folder: Path, pictures: Pictures) -> None:
    """Writes a request for each signature; the server answers them before it takes others."""
    from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

    path = folder / WARMUP
    files.make_folder(path.parent)
    with tf.io.TFRecordWriter(os.fspath(path)) as writer:
        for signature, inputs in _example_inputs(pictures).items():
            request = predict_pb2.PredictRequest()
            request.model_spec.signature_name = signature
            for name, value in inputs.items():
                request.inputs[name].CopyFrom(tf.make_tensor_proto(value))
            predict_log = prediction_log_pb2.PredictLog(request=request)
            log = prediction_log_pb2.PredictionLog(predict_log=predict_log)
            writer.write(log.SerializeToString())


def _example_inputs(pictures: Pictures) -> dict[str, dict[str, np.ndarray]]:
    """A batch for each signature."""
    sketches = np.array([encode_png(sketch) for sketch, _ in pictures], object)
    references = np.array([encode_png(reference) for _, reference in pictures], object)
    rng = np.random.default_rng(0)
    palettes = rng.integers(0, 256, (len(pictures), 4, 4, 3), dtype=np.uint8)
    sketch = np.ones((1, 256, 256, 3), np.float32)
    histogram = palette_to_histogram(palettes[0], 256, 256)[None]
    return {
        "serving_default": {"sketch_bytes": sketches, "reference_bytes": references},
        "paint_palette": {"sketch_bytes": sketches, "palette": palettes},
        "palette": {"reference_bytes": references},
        "tensors": {"sketch": sketch, "histogram": histogram},
    }


def _remove_gradient_names(folder: Path) -> None:
    """Removes the names of our layers' own gradients from a SavedModel.

    It does not contain the gradients, and TensorFlow would warn of each on loading.
    """
    path = folder / "saved_model.pb"
    model = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    for meta_graph in model.meta_graphs:
        graph = meta_graph.graph_def
        for nodes in (graph.node, *(function.node_def for function in graph.library.function)):
            for node in nodes:
                node.attr.pop("_gradient_op_type", None)
    path.write_bytes(model.SerializeToString(deterministic=True))
    (folder / "fingerprint.pb").unlink(missing_ok=True)  # of the file as it was


def _draw_pictures(max_pixels: int) -> Pictures:
    """Sketches of several sizes, and references; all within a limit."""
    max_side = math.isqrt(max_pixels)
    dolls = Dolls(2 * len(_SIDES), seed=7)
    examples = list(dolls.examples())
    pairs = zip(examples[: len(_SIDES)], examples[len(_SIDES) :], _SIDES, strict=True)
    reference_side = min(_REFERENCE, max_side)
    return [
        (
            dolls.load(example, min(side, max_side)).sketch,
            dolls.load(reference, reference_side).picture,
        )
        for example, reference, side in pairs
    ]


def _compare(folder: Path, generator: PaintingNetwork, pictures: Pictures) -> Rows:
    """Compares all signatures of a SavedModel with network and Painter; rows of name and value.

    Raises:
        DeepPaintError: the network's own output, the palettes or the pictures differ by too much.
    """
    measured = fidelity.check_artifact(generator, folder)
    psnr = _compare_with_painter(folder, generator, pictures)
    return [*fidelity.describe(measured), (BESIDE, f"{psnr:.1f} dB or more")]


def check_signatures(folder: str | os.PathLike, generator: PaintingNetwork) -> float:
    """Compares the signatures that take files with the Painter, on a few small drawings.

    Returns:
        The least PSNR of a picture in dB.

    Raises:
        DeepPaintError: one is missing, or its palettes or pictures differ by too much.
    """
    try:
        return _compare_with_painter(folder, generator, _draw_pictures(LEAST_PIXELS))
    except (KeyError, TypeError, tf.errors.OpError) as error:
        raise DeepPaintError(
            f"{folder}: lacks a signature, or one fails ({one_line(error)}); export the network "
            "again"
        ) from error
    except DeepPaintError as error:
        raise DeepPaintError(f"{folder}: {error}") from error


def _compare_with_painter(
    folder: str | os.PathLike, generator: PaintingNetwork, pictures: Pictures
) -> float:
    loaded = tf.saved_model.load(folder)
    painter = Painter(KerasBackend(generator))
    requests = _example_inputs(pictures)
    palettes = np.stack([painter.palette_of(reference) for _, reference in pictures])
    requests["paint_palette"]["palette"] = palettes

    def answer(signature: str) -> np.ndarray:
        inputs = {name: tf.constant(value) for name, value in requests[signature].items()}
        (output,) = loaded.signatures[signature](**inputs).values()
        return output.numpy()

    if not np.array_equal(answer("palette"), palettes):
        raise DeepPaintError("its palettes are not the Painter's")
    psnr = np.inf
    expected = [painter.paint(sketch, reference, clean=False) for sketch, reference in pictures]
    for signature in ("serving_default", "paint_palette"):
        for data, picture in zip(answer(signature), expected, strict=True):
            served = decode_picture(data, "painted")
            psnr = min(psnr, metrics.psnr(served[None], picture[None])[0])
    if psnr < MIN_PSNR:
        raise DeepPaintError(f"its pictures are not the Painter's: {psnr:.1f} dB")
    return float(psnr)
