"""The networks: sketch and palette in, picture out; and the discriminator that judges pictures.

Inputs are `{"sketch": (N, H, W, 3), "histogram": (N, H, W, 12)}`, floats in [-1, 1], H and W
multiples of 64. `inputs.to_inputs` makes them of uint8 sketches and palettes. The *histogram
images* show the palette: the canvas has four horizontal bands, and channels 3k to 3k + 2 of band b
are filled with color k of the palette's band b.

`matcher.color_matcher.ColorMatcher` is the bundled network: colors and patches of the drawing are
tokens that look at each other before colors are chosen. It is trained as a classifier, without a
discriminator; `matcher` describes it.

`generator.Generator` follows "Attentioned Deep Paint" (Kim, Oh, Lee, Kang; github.com/ktaebum/
AttentionedDeepPaint), from the input to the picture:

1. *stem*: a 3 x 3 convolution to `width` channels,
2. *down*: six `blocks.DownBlock`s; each ends in 2 x 2 max-pooling and keeps the pooling mask,
3. *gates*: six `blocks.AttentionGate`s scale the skip connections (arXiv:1804.03999),
4. *up*: six `blocks.UpBlock`s; each unpools by the mask of its level and joins the gated skip,
5. *head*: a convolution to RGB, or `heads.PaletteMixture`, which mixes the palette's colors.

`unet.UNet` is the baseline of pix2pix. These three are `base.PaintingNetwork`s. `discriminator`
judges patches. `model_files` reads and writes `.keras` files, `folding` prepares a network for
inference, `torch_weights` takes over the weights of the original project.

Conventions: tensors are `(N, H, W, C)`. Layers use `keras.ops`, with a TensorFlow kernel or
gradient where that is faster. Where a line changes the shape, a comment gives the new one. Keras
stores a layer in a `.keras` file under the name of its attribute: an attribute that holds layers
keeps its name, or older files do not load.
"""

import inspect
from itertools import takewhile

# The package under which Keras registers the classes; it is part of every saved model.
PACKAGE = "tf_deeppaint"


class Configured:
    """Makes a Keras layer's config of its options: attributes named as the constructor's arguments.

    Stands before the Keras class among the bases.
    """

    @classmethod
    def option_names(cls) -> list[str]:
        """The named arguments of the constructors of a class and of its bases of this package."""
        ours = takewhile(lambda base: base is not Configured, cls.__mro__)
        constructors = [base.__init__ for base in ours if "__init__" in vars(base)]
        return [
            parameter.name
            for constructor in constructors
            for parameter in list(inspect.signature(constructor).parameters.values())[1:]
            if parameter.kind is not parameter.VAR_KEYWORD
        ]

    def get_config(self) -> dict:
        options = {name: getattr(self, name) for name in self.option_names()}
        return super().get_config() | options
