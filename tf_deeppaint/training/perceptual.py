"""The perceptual loss: how far two pictures are apart in the features of VGG16."""

import itertools
import math
import os

import numpy as np
import tensorflow as tf

from tf_deeppaint.utils.errors import DeepPaintError

# Channels of VGG16's convolutions (Simonyan and Zisserman, arXiv:1409.1556), in blocks that end in
# a 2 x 2 pooling; features are taken after each block's last ReLU.
BLOCKS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
# Deeper features say more of what is shown (Wang et al., arXiv:1711.11585).
WEIGHTS = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)
# What the weights expect of pictures in [-1, 1].
MEAN, DEVIATION = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
# The arrays of a file of weights, in turns a kernel and a bias.
_CHANNELS = [channels for block in BLOCKS for channels in block]
SHAPES = {
    f"VGG16_0.Conv_{i}.{what}": shape
    for i, (before, after) in enumerate(itertools.pairwise([3, *_CHANNELS]))
    for what, shape in (("kernel", (3, 3, before, after)), ("bias", (after,)))
}
# Of a number, and of all that stands before the numbers of a file's arrays.
_MOST_BYTES, _HEADERS = 8, 2**20


def read_arrays(
    path: str | os.PathLike, network: str, shapes: dict[str, tuple[int, ...]]
) -> list[np.ndarray]:
    """Reads a network's weights from an `.npz` file.

    Args:
        path: The file; it may hold other arrays too.
        network: What to call the network in an error.
        shapes: Name -> shape of the arrays to read.

    Returns:
        The arrays, in the order of `shapes`.

    Raises:
        DeepPaintError: the file cannot be read, or an array is missing or of another shape.
    """
    most = sum(math.prod(shape) for shape in shapes.values()) * _MOST_BYTES + _HEADERS
    try:
        with np.load(path, allow_pickle=False) as stored:
            # Compressed, a small file can hold what fills any memory.
            items = {item.filename: item.file_size for item in stored.zip.infolist()}
            if sum(items[f"{name}.npy"] for name in shapes) > most:
                raise ValueError("larger arrays")
            arrays = [stored[name] for name in shapes]
    except Exception as error:  # zip, format and key errors of any kind
        raise DeepPaintError(
            f"{path}: cannot be read as {network}'s weights ({error}); an .npz file with "
            f"{next(iter(shapes))} and so on is needed"
        ) from error
    for (name, shape), array in zip(shapes.items(), arrays, strict=True):
        if array.shape != shape:
            raise DeepPaintError(f"{path}: {name} has another shape than {network}'s")
    return arrays


class Perceptual(tf.Module):
    """Compares pictures by a frozen VGG16, in the precision asked for.

    Args:
        weights: Kernels `(3, 3, C, C')` and biases of the thirteen convolutions, in turns.
        dtype: In which the network computes, such as `"bfloat16"`.
    """

    def __init__(self, weights: list[np.ndarray], dtype: str = "float32"):
        super().__init__(name="perceptual")
        self.dtype = dtype
        # Constants, not variables: no checkpoint should hold them.
        self.kernels = [tf.constant(array, dtype) for array in weights[::2]]
        self.biases = [tf.constant(array, dtype) for array in weights[1::2]]

    @classmethod
    def load(cls, path: str | os.PathLike, dtype: str = "float32") -> "Perceptual":
        """Reads the weights from an `.npz` file: `VGG16_0.Conv_0.kernel`, `.bias`, and so on.

        Raises:
            DeepPaintError: the file cannot be read, or holds other arrays.
        """
        return cls(read_arrays(path, "VGG16", SHAPES), dtype)

    def features(self, pictures: tf.Tensor) -> list[tf.Tensor]:
        """The features of pictures `(N, H, W, 3)` in [-1, 1]: five `(N, H / 2^i, W / 2^i, C)`."""
        x = tf.cast((pictures - MEAN) / DEVIATION, self.dtype)
        found, layers = [], zip(self.kernels, self.biases, strict=True)
        for number, block in enumerate(BLOCKS):
            if number:
                x = tf.nn.max_pool2d(x, 2, 2, "VALID")
            for _ in block:
                kernel, bias = next(layers)
                x = tf.nn.relu(tf.nn.conv2d(x, kernel, 1, "SAME") + bias)
            found.append(x)
        return found

    def __call__(self, picture: tf.Tensor, painted: tf.Tensor) -> tf.Tensor:
        """The weighted sum of the features' mean absolute differences, a float32 scalar."""
        both = zip(self.features(picture), self.features(painted), strict=True)
        apart = [tf.reduce_mean(tf.cast(tf.abs(a - b), tf.float32)) for a, b in both]
        return tf.add_n([weight * d for weight, d in zip(WEIGHTS, apart, strict=True)])
