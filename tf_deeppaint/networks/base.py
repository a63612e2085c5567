"""What all networks that paint have in common: options, call, and their place in a pipeline."""

from collections.abc import Iterator

import keras

from tf_deeppaint.images.sizes import STRIDE, is_network_size
from tf_deeppaint.networks import Configured, heads
from tf_deeppaint.networks.inputs import HISTOGRAM_CHANNELS, SKETCH_CHANNELS, histogram_to_palette
from tf_deeppaint.palette.rules import check_background


class PaintingNetwork(Configured, keras.Model):
    """Paints a sketch in the colors of a palette: the base class of all generators.

    A subclass makes its layers in its constructor, ends that with `self.build()`, and implements
    `build_layers` and `forward`.

    Args:
        width: Channels of the outermost level, an even number; the papers have 64.
        size: Side in pixels of the square canvas it is trained for, a multiple of 64. The layers do
            not depend on it; a painter fits its sketches to it.
        background: The palette rule it is trained with; see `extraction.extract_palette`.
        seed: Seed of the dropout.
        norm: Kind of its normalization; see `normalization.make_norm`. `"none"` is for trained
            networks: see `folding.fold_norms`.
        histogram: Whether it uses the histogram images; without them it chooses the colors itself.
        synchronized: See `normalization.BatchNormalization`.

    Attributes:
        head_kind: `"rgb"` or `"mixture"`.
        gated: Whether the skip connections have attention gates.

    Call arguments:
        inputs: `{"sketch": (N, H, W, 3), "histogram": (N, H, W, 12)}`, floats in [-1, 1], H and W
            multiples of 64. Without `histogram` the second may be left out.
        return_attention: Whether to return the attention maps, too.

    Returns:
        The picture, float32 `(N, H, W, 3)` in [-1, 1]. With `return_attention` a pair: the picture,
        and a list of the gates' maps, `(N, h, w, 1)` in (0, 1), the deepest level's first
        (`h = H / 64 .. H / 2`); the list is empty where there are no gates.

    Raises:
        ValueError: The width or the size is wrong.
        DeepPaintError: The background rule is unknown.
    """

    head_kind = "rgb"
    gated = False

    def __init__(
        self,
        width: int = 64,
        size: int = 512,
        background: str = "drop",
        seed: int | None = None,
        norm: str = "batch",
        histogram: bool = True,
        synchronized: bool = False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        if width < 2 or width % 2:
            raise ValueError(f"width={width}: an even number of at least 2 is needed")
        if not is_network_size(size):
            raise ValueError(f"size={size}: a multiple of {STRIDE} is needed")
        check_background(background)
        self.width = width
        self.size = size
        self.background = background
        self.seed = seed
        self.norm = norm
        self.histogram = histogram
        self.synchronized = synchronized

    def build(self, input_shape=None):
        """Makes all weights; nothing depends on the shape of a batch."""
        self.build_layers(SKETCH_CHANNELS + HISTOGRAM_CHANNELS * self.histogram)
        self.built = True

    def build_layers(self, channels: int) -> None:
        """Builds every layer, the first one for so many channels."""
        raise NotImplementedError

    def forward(self, inputs: dict, training: bool = False) -> tuple:
        """Runs the network.

        Returns:
            `(output, maps)`: with `head_kind="mixture"` a `mixing.Mixture`, otherwise the picture;
            and the attention maps. See the class.
        """
        raise NotImplementedError

    def normalized_convolutions(self) -> Iterator[tuple[keras.Layer, keras.Layer]]:
        """The convolutions, each with the normalization after it, that `folding` makes one of.

        A network that yields any has no norms where it is made with `norm="none"`.
        """
        yield from ()

    def call(self, inputs, training=False, return_attention=False):
        picture, maps = self.forward(inputs, training)
        if self.head_kind == "mixture":
            picture = heads.mix(picture, histogram_to_palette(inputs["histogram"]))
        return (picture, maps) if return_attention else picture

    def stage_seed(self, stage: int) -> int | None:
        """A seed of its own for each stage of the decoder."""
        return None if self.seed is None else self.seed + stage
