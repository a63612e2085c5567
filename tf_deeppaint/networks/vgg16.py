"""VGG16 as a fixed feature network: perceptual loss, LPIPS and feature distances use it.

Simonyan and Zisserman, arXiv:1409.1556. The weights are read from an `.npz` file.
"""

import itertools
import math
import os

import numpy as np
import tensorflow as tf

from tf_deeppaint.utils.errors import DeepPaintError

# Channels of the thirteen 3 x 3 convolutions, in blocks. A 2 x 2 max pooling stands between two
# blocks; the features are the output of each block's last ReLU.
BLOCKS = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))
# Mean and standard deviation of ImageNet's channels, for pictures in [-1, 1].
MEAN, DEVIATION = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
# Name -> shape of the arrays in a file of weights: kernel and bias of each convolution in turn.
_CHANNELS = [channels for block in BLOCKS for channels in block]
SHAPES = {
    f"VGG16_0.Conv_{i}.{weight}": shape
    for i, (before, after) in enumerate(itertools.pairwise([3, *_CHANNELS]))
    for weight, shape in (("kernel", (3, 3, before, after)), ("bias", (after,)))
}
# Bytes of the largest number type, and of all headers inside an .npz file, at most.
_MAX_ITEM_BYTES, _MAX_HEADER_BYTES = 8, 2**20


def read_arrays(
    path: str | os.PathLike, network: str, shapes: dict[str, tuple[int, ...]]
) -> list[np.ndarray]:
    """Reads a network's weights from an `.npz` file.

    Args:
        path: The file; it may hold other arrays too.
        network: Name of the network, for error messages.
        shapes: Name -> shape of the arrays to read.

    Returns:
        The arrays, in the order of `shapes`.

    Raises:
        DeepPaintError: the file cannot be read, or an array is missing or of another shape.
    """
    values = sum(math.prod(shape) for shape in shapes.values())
    limit = values * _MAX_ITEM_BYTES + _MAX_HEADER_BYTES
    try:
        with np.load(path, allow_pickle=False) as stored:
            # A small compressed file can expand to more than the memory holds.
            sizes = {item.filename: item.file_size for item in stored.zip.infolist()}
            if sum(sizes[f"{name}.npy"] for name in shapes) > limit:
                raise ValueError("arrays too large")
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


class Vgg16(tf.Module):
    """The convolutions of VGG16 with fixed weights.

    Args:
        weights: Kernel `(3, 3, C, C')` and bias `(C',)` of the thirteen convolutions in turn.
        dtype: Type the network computes in, such as `"bfloat16"`.
    """

    def __init__(self, weights: list[np.ndarray], dtype: str = "float32"):
        super().__init__(name="vgg16")
        self.dtype = dtype
        # Constants, not variables: checkpoints do not hold them.
        self.kernels = [tf.constant(array, dtype) for array in weights[::2]]
        self.biases = [tf.constant(array, dtype) for array in weights[1::2]]

    @classmethod
    def load(cls, path: str | os.PathLike, dtype: str = "float32") -> "Vgg16":
        """Reads the weights from an `.npz` file: `VGG16_0.Conv_0.kernel`, `.bias`, and so on.

        Raises:
            DeepPaintError: the file cannot be read, or holds other arrays.
        """
        return cls(read_arrays(path, "VGG16", SHAPES), dtype)

    def features(self, pictures: tf.Tensor) -> list[tf.Tensor]:
        """The features of pictures `(N, H, W, 3)` in [-1, 1].

        Returns:
            One tensor a block, `(N, H / 2^i, W / 2^i, C)` for i from 0 to 4.
        """
        x = tf.cast((pictures - MEAN) / DEVIATION, self.dtype)  # (N, H, W, 3)
        features, layers = [], zip(self.kernels, self.biases, strict=True)
        for number, block in enumerate(BLOCKS):
            if number:
                x = tf.nn.max_pool2d(x, 2, 2, "VALID")  # (N, H / 2^i, W / 2^i, C)
            for _ in block:
                kernel, bias = next(layers)
                x = tf.nn.relu(tf.nn.conv2d(x, kernel, 1, "SAME") + bias)  # (..., C')
            features.append(x)
        return features
