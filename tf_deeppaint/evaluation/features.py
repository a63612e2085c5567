"""Feature networks: frozen networks that turn pictures into rows of numbers."""

import contextlib
import functools
import io
import os
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tf_deeppaint.images.pixels import to_signed_unit_range
from tf_deeppaint.networks.vgg16 import Vgg16
from tf_deeppaint.utils import keras_archives
from tf_deeppaint.utils.errors import DeepPaintError, one_line

INCEPTION, VGG16 = "InceptionV3", "VGG16"
# Side in pixels that InceptionV3 was trained with (Szegedy et al., arXiv:1512.00567).
INCEPTION_SIDE = 299
# Pictures that go through a network at once.
BATCH = 16

Network = Callable[[tf.Tensor], tf.Tensor]


class Features:
    """A frozen network that turns pictures into rows of numbers.

    Args:
        name: Names it in headings and errors.
        network: Pictures `(N, H, W, 3)` in [-1, 1] -> features of any shape `(N, ..)`; maps
            `(N, h, w, C)` are averaged over space.
        size: Height and width that the network takes; None stands for any. Other pictures are
            resized, bilinear and without antialiasing.

    """

    def __init__(
        self, name: str, network: Network, size: tuple[int | None, int | None] = (None, None)
    ):
        self.name = name
        self._network, self._size = network, size
        pictures = tf.TensorSpec((None, None, None, 3), tf.float32)
        self._rows = tf.function(self._to_rows, [pictures], autograph=False)

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """The features of one or more pictures, uint8 `(N, H, W, 3)` -> float64 `(N, D)`.

        Raises:
            DeepPaintError: a feature is infinite or NaN.
        """
        batches = (pictures[start : start + BATCH] for start in range(0, len(pictures), BATCH))
        rows = np.concatenate(
            [self._rows(to_signed_unit_range(batch)).numpy() for batch in batches]
        )
        if not np.isfinite(rows).all():
            raise DeepPaintError(f"{self.name}: the network's features are not finite")
        return rows

    def _to_rows(self, pictures: tf.Tensor) -> tf.Tensor:
        if self._size != (None, None):
            shape = tf.shape(pictures)
            height, width = self._size
            pictures = tf.image.resize(pictures, (height or shape[1], width or shape[2]))
        features = tf.cast(self._network(pictures), tf.float64)
        if features.shape.rank == 4:
            features = tf.reduce_mean(features, axis=(1, 2))  # (N, C)
        return tf.reshape(features, (tf.shape(features)[0], -1))  # (N, D)


def load_features(name: str | os.PathLike) -> Features:
    """Loads a feature network.

    Args:
        name: `inception`: Keras's InceptionV3, trained on ImageNet, without its top; 2048 numbers.
            Its weights are not those that published FIDs are measured with. They (88 MB) are
            downloaded where Keras's cache lacks them.
            `PATH.npz`: VGG16, see `Vgg16.load`; the mean of its last feature, 512 numbers.
            `PATH.keras`: any Keras model of one input and one output, fed in [-1, 1]; code
            in the file is not run.

    Raises:
        DeepPaintError: another name, a file that is missing, damaged or of another kind, or
            weights that cannot be downloaded.
    """
    name = os.fspath(name)
    if name == "inception":
        return _load_inception()
    if name.endswith(".npz"):
        vgg16 = Vgg16.load(name)
        return Features(VGG16, lambda pictures: vgg16.features(pictures)[-1])
    if name.endswith(".keras"):
        return _load_keras(name)
    raise DeepPaintError(
        f"--features={name}: no such network; give inception, an .npz file of VGG16's weights "
        "or a .keras file"
    )


def _load_inception() -> Features:
    try:
        # Keras reports a download on stdout, where our table goes.
        with contextlib.redirect_stdout(io.StringIO()):
            model = keras.applications.InceptionV3(
                include_top=False,
                weights="imagenet",
                input_shape=(INCEPTION_SIDE, INCEPTION_SIDE, 3),
                pooling="avg",
            )
    except Exception as error:  # URL, file, HDF5 and other errors
        raise DeepPaintError(
            f"InceptionV3's weights are neither in Keras's cache nor to be downloaded "
            f"({one_line(error)}); name another network with --features, an .npz file of VGG16's "
            "weights or a .keras file"
        ) from error
    network = functools.partial(model, training=False)
    return Features(INCEPTION, network, (INCEPTION_SIDE, INCEPTION_SIDE))


def _load_keras(path: str) -> Features:
    if not os.path.isfile(path):
        raise DeepPaintError(f"{path}: does not exist; name a .keras file", "missing")
    keras_archives.check_foreign(path)
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    # Keras raises zip, JSON, HDF5, type and other errors.
    except Exception as error:
        raise DeepPaintError(
            f"{path}: cannot be loaded as a Keras model ({one_line(error)})"
        ) from error
    inputs, outputs = (getattr(model, end, None) or [] for end in ("inputs", "outputs"))
    shapes = [tuple(tensor.shape) for tensor in inputs]
    is_picture = [len(s) == 4 and s[0] is None and s[3] == 3 for s in shapes]
    if len(outputs) != 1 or is_picture != [True]:
        raise DeepPaintError(
            f"{path}: is no feature network; one takes (N, H, W, 3) and has one output, this one "
            f"takes {', '.join(map(str, shapes)) or 'something else'} and has {len(outputs)}"
        )
    stem = Path(path).stem
    # A file must not be mistaken for one of the networks above.
    name = Path(path).name if stem in (INCEPTION, VGG16) else stem
    return Features(name, functools.partial(model, training=False), shapes[0][1:3])
