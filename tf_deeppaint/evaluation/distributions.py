"""Two sets of pictures compared: feature networks, and the distances between their features."""

import contextlib
import functools
import io
import os
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from tf_deeppaint.images.pixels import to_unit_range
from tf_deeppaint.networks.vgg16 import Vgg16
from tf_deeppaint.utils import keras_archives
from tf_deeppaint.utils.errors import DeepPaintError, one_line

INCEPTION, VGG16 = "InceptionV3", "VGG16"
# What InceptionV3 was trained on (Szegedy et al., arXiv:1512.00567).
INCEPTION_SIDE = 299
# Pictures that go through a network at once, and rows that go into a kernel at once.
BATCH, BLOCK = 16, 1024

Network = Callable[[tf.Tensor], tf.Tensor]


class Features:
    """A frozen network that turns pictures into rows of numbers.

    Args:
        name: What to call it in headings and errors.
        network: Pictures `(N, H, W, 3)` in [-1, 1] -> features of any shape `(N, ..)`; maps
            `(N, h, w, C)` are averaged over space.
        size: Height and width of what the network takes; None stands for any. Pictures of another
            size are resized, bilinear and without antialiasing.

    Attributes:
        name: As given.
    """

    def __init__(
        self, name: str, network: Network, size: tuple[int | None, int | None] = (None, None)
    ):
        self.name = name
        self._network, self._size = network, size
        pictures = tf.TensorSpec((None, None, None, 3), tf.float32)
        self._rows = tf.function(self._find_rows, [pictures])

    def __call__(self, pictures: np.ndarray) -> np.ndarray:
        """The features of one or more pictures, uint8 `(N, H, W, 3)` -> float64 `(N, D)`.

        Raises:
            DeepPaintError: there are infinite ones among them, or no numbers.
        """
        batches = (pictures[start : start + BATCH] for start in range(0, len(pictures), BATCH))
        rows = np.concatenate([self._rows(to_unit_range(batch)).numpy() for batch in batches])
        if not np.isfinite(rows).all():
            raise DeepPaintError(f"{self.name}: the network's features are not finite")
        return rows

    def _find_rows(self, pictures: tf.Tensor) -> tf.Tensor:
        if self._size != (None, None):
            shape = tf.shape(pictures)
            height, width = self._size
            pictures = tf.image.resize(pictures, (height or shape[1], width or shape[2]))
        found = tf.cast(self._network(pictures), tf.float64)
        if found.shape.rank == 4:
            found = tf.reduce_mean(found, axis=(1, 2))
        return tf.reshape(found, (tf.shape(found)[0], -1))


def load_features(name: str | os.PathLike) -> Features:
    """Loads a feature network.

    Args:
        name: `inception`: Keras's InceptionV3, trained on ImageNet, without its top; 2048 numbers.
            It is of the kind, but not the very network, that published FIDs are measured with.
            Its weights (88 MB) are downloaded where Keras's cache lacks them.
            `PATH.npz`: VGG16, see `Vgg16.load`; the mean of its last feature, 512 numbers.
            `PATH.keras`: any Keras model of one input and one output, fed in [-1, 1]; code that
            it brings is not run.

    Raises:
        DeepPaintError: another name, a file that is missing, damaged or of another kind, or
            weights that cannot be had.
    """
    name = os.fspath(name)
    if name == "inception":
        return _load_inception()
    loaders = {".npz": _load_vgg16, ".keras": _load_keras}
    if not (loader := loaders.get(Path(name).suffix)):
        raise DeepPaintError(
            f"--features={name}: no such network; give inception, an .npz file of VGG16's weights "
            "or a .keras file"
        )
    return loader(name)


def title(kind: str, network: str) -> str:
    """The heading of a distance, `FID` or `KID`; without the I where it is not InceptionV3's.

    Args:
        kind: `FID` for `frechet_distance`, `KID` for `kernel_distance`.
        network: The name of the feature network.

    Returns:
        `FID` for InceptionV3, such as `FD (VGG16)` for another.
    """
    return kind if network == INCEPTION else f"{kind.replace('I', '')} ({network})"


def frechet_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Squared Fréchet distance of the Gaussians fitted to two sets (Heusel et al., 1706.08500).

    `|m_a - m_b|^2 + tr(S_a + S_b - 2 (S_a S_b)^(1/2))` with means m and covariances S. It is
    biased: fewer rows give larger distances.

    Args:
        a: `(N, D)`, a row a picture.
        b: `(M, D)`.

    Returns:
        0 or more; 0 where means and covariances are equal.

    Raises:
        DeepPaintError: a set of fewer than two.
    """
    (mean_a, covariance_a), (mean_b, covariance_b) = _fit_gaussian(a), _fit_gaussian(b)
    values, vectors = np.linalg.eigh(covariance_a)
    half = vectors * np.sqrt(np.maximum(values, 0.0))
    # S_a = half half^T, so S_a S_b has the eigenvalues of this symmetric matrix, and others of 0.
    squares = np.linalg.eigvalsh(half.T @ covariance_b @ half)
    between = np.sqrt(np.maximum(squares, 0.0)).sum()
    apart = np.square(mean_a - mean_b).sum()
    traces = np.trace(covariance_a) + np.trace(covariance_b)
    return max(0.0, float(apart + traces - 2.0 * between))


def kernel_distance(a: np.ndarray, b: np.ndarray) -> float:
    """Squared maximum mean discrepancy of two sets, unbiased (Bińkowski et al., 1801.01401).

    The kernel is `(x y / D + 1)^3`; all rows are used, not random parts of them.

    Args:
        a: `(N, D)`, a row a picture.
        b: `(M, D)`.

    Returns:
        About 0 for sets of one kind, also below.

    Raises:
        DeepPaintError: a set of fewer than two.
    """
    _check_rows(a)
    _check_rows(b)
    between = _kernel_sum(a, b) / (len(a) * len(b))
    return _mean_within(a) + _mean_within(b) - 2.0 * between


def _load_inception() -> Features:
    try:
        # Keras tells of a download on stdout, where reports go.
        with contextlib.redirect_stdout(io.StringIO()):
            model = keras.applications.InceptionV3(
                include_top=False,
                weights="imagenet",
                input_shape=(INCEPTION_SIDE, INCEPTION_SIDE, 3),
                pooling="avg",
            )
    except Exception as error:  # Keras raises whatever its parts raise: URL, file, HDF5 errors
        raise DeepPaintError(
            f"InceptionV3's weights are neither in Keras's cache nor to be downloaded "
            f"({one_line(error)}); name another network with --features, an .npz file of VGG16's "
            "weights or a .keras file"
        ) from error
    network = functools.partial(model, training=False)
    return Features(INCEPTION, network, (INCEPTION_SIDE, INCEPTION_SIDE))


def _load_vgg16(path: str) -> Features:
    vgg16 = Vgg16.load(path)
    return Features(VGG16, lambda pictures: vgg16.features(pictures)[-1])


def _load_keras(path: str) -> Features:
    if not os.path.isfile(path):
        raise DeepPaintError(f"{path}: does not exist; name a .keras file", "missing")
    keras_archives.check_foreign(path)
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    # Keras raises whatever its parts raise: zip, JSON, HDF5, type errors and more.
    except Exception as error:
        raise DeepPaintError(
            f"{path}: cannot be loaded as a Keras model ({one_line(error)})"
        ) from error
    inputs, outputs = (getattr(model, end, None) or [] for end in ("inputs", "outputs"))
    shapes = [tuple(tensor.shape) for tensor in inputs]
    if len(outputs) != 1 or len(shapes) != 1 or not _takes_pictures(shapes[0]):
        raise DeepPaintError(
            f"{path}: is no feature network; one takes (N, H, W, 3) and has one output, this one "
            f"takes {', '.join(map(str, shapes)) or 'something else'} and has {len(outputs)}"
        )
    stem = Path(path).stem
    # No file shall pass for the networks whose distances have names.
    name = Path(path).name if stem in (INCEPTION, VGG16) else stem
    return Features(name, functools.partial(model, training=False), shapes[0][1:3])


def _takes_pictures(shape: tuple[int | None, ...]) -> bool:
    return len(shape) == 4 and shape[0] is None and shape[3] == 3


def _check_rows(rows: np.ndarray) -> None:
    if len(rows) < 2:
        raise DeepPaintError(
            f"sets of pictures cannot be compared with {len(rows)} in one; two are needed at least"
        )


def _fit_gaussian(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean `(D,)` of rows and their unbiased covariance `(D, D)`."""
    _check_rows(rows)
    mean = rows.mean(axis=0, dtype=np.float64)
    centered = rows - mean
    return mean, centered.T @ centered / (len(rows) - 1)


def _mean_within(rows: np.ndarray) -> float:
    """The mean of the kernel over all pairs of different rows."""
    count = len(rows)
    own = _kernel(np.square(rows).sum(axis=1), rows.shape[1]).sum()
    return (_kernel_sum(rows, rows) - own) / (count * (count - 1))


def _kernel_sum(a: np.ndarray, b: np.ndarray) -> float:
    # In blocks, so that memory grows with the rows and not with their square.
    starts = range(0, len(a), BLOCK)
    return float(sum(_kernel(a[i : i + BLOCK] @ b.T, a.shape[1]).sum() for i in starts))


def _kernel(products: np.ndarray, width: int) -> np.ndarray:
    return (products / width + 1.0) ** 3
