"""How examples become records: the options of a build, checked."""

import dataclasses

from tf_deeppaint.images.canvas import FITS
from tf_deeppaint.images.pixels import MAX_SIDE
from tf_deeppaint.images.sizes import STRIDE
from tf_deeppaint.line_art.styles import CHOICES, OWN
from tf_deeppaint.palette.rules import BACKGROUNDS
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.options import check_options, option


@dataclasses.dataclass(frozen=True)
class BuildConfig:
    """How examples are prepared; the same options on the same input give the same bytes."""

    size: int = option(
        256,
        "Side of the pictures in pixels, a multiple of 64.",
        lower=STRIDE,
        upper=MAX_SIDE,
        multiple_of=STRIDE,
    )
    background: str = option(
        "drop",
        "The most frequent color of a palette band is left out: always (the rule of the paper's "
        "authors), where near white, or never; figure counts only what is drawn.",
        BACKGROUNDS,
    )
    sketch: tuple[str, ...] = option(
        (OWN,),
        "Styles of the sketches in a record, one or more: own (the source's line art; mixture "
        "where it has none), xdog (thin, bold or soft at random), thin, bold, soft, sketchkeras, "
        "sketchkeras_pured, mixture (any of them at random).",
        CHOICES,
    )
    network: str = option("", "sketchKeras's mod.h5, or a .keras file of it, for its styles.")
    fit: str = option(
        "pad", "Pictures that are not square: white beside them, or cut to their middle.", FITS
    )
    max_enlargement: float = option(
        2.0, "Small pictures are enlarged by this factor at most, then padded.", lower=1.0
    )
    backdrops: float = option(
        0.0,
        "Share of the other drawings in the same colors that stand in front of a colored backdrop "
        "when their palettes are extracted.",
        lower=0.0,
        upper=1.0,
    )
    min_size: int = option(
        64,
        "Skip pictures of fewer pixels on their shorter side (folder, pairs, danbooru).",
        lower=1,
    )
    drop_duplicates: bool = option(
        False, "Keep one of equal and nearly equal pictures; otherwise they stay, in one split."
    )

    def manifest_options(self) -> dict:
        """The options as JSON values for the manifest: the network by the SHA-256 of its file."""
        network = files.sha256(self.network) if self.network else ""
        options = dataclasses.asdict(self) | {"sketch": list(self.sketch), "network": network}
        # Without them the options are those of data sets from before there were any.
        return options if self.backdrops else {k: options[k] for k in options if k != "backdrops"}


def check_config(config: BuildConfig) -> None:
    """Raises DeepPaintError where the options of a build are not allowed or contradictory."""
    check_options(config)
    if not config.sketch:
        raise DeepPaintError(f"--sketch=: choose one or more of {', '.join(CHOICES)}")
    if len(set(config.sketch)) < len(config.sketch):
        raise DeepPaintError(f"--sketch={','.join(config.sketch)}: names a style twice")
    if any(style.startswith("sketchkeras") for style in config.sketch) and not config.network:
        raise DeepPaintError(
            "--sketch=sketchkeras needs --network=FILE, sketchKeras's mod.h5 or a .keras file of it"
        )
    if config.network:
        from tf_deeppaint.line_art.sketch_keras import SketchKeras

        SketchKeras.load(config.network)
