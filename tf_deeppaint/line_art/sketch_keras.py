"""Draws line art from a picture by the user's own copy of the sketchKeras network (lllyasviel).

The network is not part of this project. The user names its file: `mod.h5` as published, or saved
again as `.keras`. As in its published script the input is the difference of a picture from its
blurred copy, one channel at a time, and the maximum of the three outputs is the line map, 0 =
paper, 1 = line.
"""

import os
from collections.abc import Sequence

import numpy as np

from tf_deeppaint.images.canvas import resize
from tf_deeppaint.utils import keras_archives
from tf_deeppaint.utils.errors import DeepPaintError, one_line
from tf_deeppaint.utils.silence import import_tensorflow

SIDE = 512
CHANNELS = 3
BLUR_SIGMA = 3.0

# Levels of a line map below which it is paper; the published script calls the two "enhanced" and
# "pured".
THRESHOLDS = {"sketchkeras": 0.1, "sketchkeras_pured": 0.18}


class SketchKeras:
    """The loaded network. Pickled, it is its path, and loads the file again."""

    def __init__(self, path: str, network):
        self.path = path
        self._network = network

    def __reduce__(self):
        return SketchKeras.load, (self.path,)

    @classmethod
    def load(cls, path: str | os.PathLike) -> "SketchKeras":
        """Loads the network from a local `.h5` or `.keras` file.

        No code in the file is run: Keras refuses models that bring their own.

        Raises:
            DeepPaintError: no such file, not a Keras model, or one of another signature than
                `(B, 512, 512, 1)` -> `(B, 512, 512, 1)`.
        """
        path = os.fspath(path)
        if not os.path.isfile(path):
            raise DeepPaintError(f"{path}: does not exist; name sketchKeras's mod.h5", "missing")
        tf = import_tensorflow()
        import keras

        keras_archives.check_foreign(path)
        try:
            model = keras.saving.load_model(path, compile=False, safe_mode=True)
        # Keras raises whatever its parts raise: zip, JSON, HDF5, type errors and more.
        except Exception as error:
            reason = one_line(error).split(". ")[0]
            raise DeepPaintError(
                f"{path}: cannot be loaded as a Keras model ({reason}); name a .h5 or .keras file"
            ) from error
        _check_signature(model, path, tf.TensorShape((CHANNELS, SIDE, SIDE, 1)))
        # One shape for every run: another batch size may round otherwise, and a sketch must not
        # depend on the other pictures.
        shape = tf.TensorSpec((CHANNELS, SIDE, SIDE, 1), tf.float32)
        return cls(
            path, tf.function(lambda maps: model(maps, training=False), [shape], autograph=False)
        )

    def line_maps(self, pictures: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
        """Makes the line maps of pictures of one size.

        Args:
            pictures: uint8 RGB, N of `(H, W, 3)`.

        Returns:
            float32 `(N, H, W)` in [0, 1], 0 = paper. A picture of one color is all paper.

        Raises:
            DeepPaintError: the network returned something other than finite `(3, 512, 512, 1)`.
        """
        return np.stack([self._line_map(picture) for picture in pictures])

    def _line_map(self, picture: np.ndarray) -> np.ndarray:
        original = picture.shape[:2]
        height, width = (max(1, round(side * SIDE / max(original))) for side in original)
        differences = _differences(resize(picture, height, width))
        if differences is None:
            return np.zeros(original, np.float32)
        padding = (0, SIDE - height), (0, SIDE - width), (0, 0)
        channels = np.pad(differences, padding).transpose(2, 0, 1)[..., None]
        outputs = np.asarray(self._network(channels))
        if outputs.shape != channels.shape or not np.isfinite(outputs).all():
            raise DeepPaintError(f"{self.path}: the network's answer is no line map; see its file")
        strongest = np.ascontiguousarray(outputs.max(axis=0)[:height, :width, 0])
        return np.clip(resize(strongest, *original), 0, 1)


def draw_line_map(line_map: np.ndarray, threshold: float) -> np.ndarray:
    """Draws a line map, float `(H, W)` in [0, 1], as a sketch, uint8 `(H, W)`.

    It is `255 (1 - map)`, rounded; what is below the threshold becomes paper.
    """
    kept = np.where(line_map < threshold, 0, line_map)
    return np.rint(255 * (1 - kept)).astype(np.uint8)


def _differences(picture: np.ndarray) -> np.ndarray | None:
    """A picture `(H, W, 3)` less its blurred copy, over the maximum; None if that is 0.

    The published script also divides by 128, which its division by the maximum cancels. Like it,
    this blurs in whole levels.
    """
    import cv2

    blurred = cv2.GaussianBlur(picture, (0, 0), BLUR_SIGMA)
    differences = picture.astype(np.float32) - blurred
    most = differences.max()
    return differences / most if most > 0 else None


def _check_signature(model, path: str, expected) -> None:
    inputs, outputs = (getattr(model, end, None) or [] for end in ("inputs", "outputs"))
    shapes = [tuple(tensor.shape) for tensor in (*inputs, *outputs)]
    if len(inputs) != 1 or len(outputs) != 1 or not all(map(expected.is_compatible_with, shapes)):
        raise DeepPaintError(
            f"{path}: is not sketchKeras; its network takes and gives (B, {SIDE}, {SIDE}, 1), "
            f"this one {', '.join(map(str, shapes)) or 'something else'}"
        )
