"""The options of a training. Flags, checks, run directory and documentation are made from them.

This module needs no TensorFlow.
"""

import dataclasses

from absl import flags

from tf_deeppaint.utils import options as checks
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.options import option

# Weight of L1 where none is given, by generator: the default of its objective.
L1_WEIGHTS = {"deeppaint": 100.0, "pix2pix": 100.0, "matcher": 5.0}
# The generators that a discriminator judges in training.
_JUDGED = ("deeppaint", "pix2pix")
# The generators that use an option, where not all of them do.
USED_BY = {
    "norm": ("deeppaint", "matcher"),
    "attention": ("deeppaint",),
    "histogram": ("deeppaint", "pix2pix"),
    "head": ("deeppaint",),
    "discriminator_norm": _JUDGED,
    "spectral_norm": _JUDGED,
    "gan_loss": _JUDGED,
    "color_weight": ("matcher",),
    "parts_weight": ("matcher",),
    "perceptual_weight": _JUDGED,
    "vgg16": _JUDGED,
    "tv_weight": _JUDGED,
    "r1_weight": _JUDGED,
    "pool_size": _JUDGED,
    "discriminator_learning_rate": _JUDGED,
}


def _resumable(*arguments, **keywords):
    """An option that a resumed run may change; see `option` for the arguments."""
    field = option(*arguments, **keywords)
    return dataclasses.field(default=field.default, metadata=field.metadata | {"resumable": True})


@dataclasses.dataclass(frozen=True)
class TrainingOptions:
    """The options of a run; each is a flag of the same name."""

    data: tuple[str, ...] = option(help="Folders of the data sets, comma-separated; mixed.")
    run: str = _resumable(help="The run directory.")
    # === Length ===
    steps: int = _resumable(0, "Training steps in all; 0: as `--epochs` says.", lower=0)
    epochs: int = _resumable(30, "Passes over the training records.", lower=1)
    batch_size: int = option(4, "Pictures per step, on all devices together.", lower=1)
    # === Networks ===
    generator: str = option(
        "deeppaint",
        "The paper's network, pix2pix's plain U-Net, or the color matcher.",
        choices=["deeppaint", "pix2pix", "matcher"],
    )
    width: int = option(64, "Channels of the networks' outermost level.", lower=2, multiple_of=2)
    norm: str = option("batch", "Norm of the generator.", choices=["batch", "instance"])
    attention: bool = option(True, "Attention gates; without them skips are plain.")
    histogram: bool = option(True, "Palette input; without it the generator sees the sketch only.")
    head: str = option(
        "rgb",
        "Paint RGB as the paper does, or mix the palette's colors.",
        choices=["rgb", "mixture"],
    )
    discriminator_norm: str = option(
        "batch", "Norm of the discriminator.", choices=["batch", "instance", "none"]
    )
    spectral_norm: bool = option(False, "Spectral norm in the discriminator.")
    # === Objective ===
    gan_loss: str = option(
        "bce", "Cross-entropy, least squares, or hinge.", choices=["bce", "lsgan", "hinge"]
    )
    l1_weight: float | None = option(
        None,
        "Weight of L1 beside the adversarial loss or the choice among the colors; where none is "
        "given 100, and 5 for the color matcher.",
        lower=0.0,
    )
    color_weight: float = option(
        1.0, "Weight of the choice among the colors, for the color matcher.", lower=0.0
    )
    parts_weight: float = option(
        0.0,
        "Weight of telling the parts of a figure, for the color matcher; needs data that knows "
        "them.",
        lower=0.0,
    )
    perceptual_weight: float = option(
        0.0, "Weight of the difference of VGG16's features; needs `--vgg16`.", lower=0.0
    )
    vgg16: str = option("", "File of VGG16's weights, .npz, for `--perceptual_weight`.")
    tv_weight: float = option(0.0, "Weight of the total variation.", lower=0.0)
    r1_weight: float = option(
        0.0,
        "Weight of the gradient penalty; the discriminator then computes in float32.",
        lower=0.0,
    )
    pool_size: int = option(
        50, "Past pictures kept to show the discriminator again, per device.", lower=0
    )
    # === Optimization ===
    learning_rate: float = option(2e-4, "Learning rate of both Adam optimizers.", lower=0.0)
    discriminator_learning_rate: float = option(
        0.0, "Learning rate of the discriminator; 0: as `--learning_rate`.", lower=0.0
    )
    schedule: str = option(
        "constant",
        "The learning rate over the steps; linear and cosine end at 0.",
        choices=["constant", "linear", "cosine"],
    )
    clip_norm: float = option(
        0.0, "Largest norm of each network's gradients; 0: no limit.", lower=0.0
    )
    accumulate: int = option(1, "Steps whose gradients make one update of the weights.", lower=1)
    ema: float = option(
        0.0,
        "Decay per step of the generator's averaged weights, such as 0.999, which are saved in "
        "place of the last ones; 0: no average.",
        lower=0.0,
        upper=0.99999,
    )
    # === Data ===
    augment: tuple[str, ...] = option(
        ("flip",),
        "Random changes of the records, comma-separated; empty for none. flip: mirror pairs. crop: "
        "cut out 70 to 100 % of the side and enlarge. warp: take the palette from a copy rolled "
        "and bent up and down. extract: take the lines out of the picture's colors. bend: turn and "
        "bend the figure. frame: show a figure from nearer or from farther away, with the palette "
        "of the whole. lines: change weight and darkness of the lines. gaps: open gaps in them. "
        "page: add frames and speech bubbles. paper: tone the paper, add noise. color: recolor "
        "picture and palette together. bands: permute the palette's bands.",
        choices=[
            "flip",
            "crop",
            "warp",
            "extract",
            "bend",
            "frame",
            "lines",
            "gaps",
            "page",
            "paper",
            "color",
            "bands",
        ],
    )
    swapped_palettes: float = option(
        0.0,
        "Share of the records that come with the palette of another drawing in the same colors, "
        "where they hold any.",
        lower=0.0,
        upper=1.0,
    )
    size: int = option(
        0,
        "Side of the pictures in pixels, a multiple of 64; 0: the data's.",
        lower=0,
        multiple_of=64,
    )
    seed: int = option(0, "Seed of weights, order and augmentation.", lower=0, upper=2**32 - 1)
    on_bad_record: str = _resumable(
        "stop",
        "A record or shard that cannot be read: stop, or use another record of its batch and count "
        "it in bad_records.",
        choices=["stop", "skip"],
    )
    # === Machine ===
    strategy: str = _resumable(
        "auto",
        "Devices: the best available, one, all GPUs of this machine, the machines in TF_CONFIG, "
        "or a TPU.",
        choices=["auto", "one", "mirrored", "multi_worker", "tpu"],
    )
    sync_norm: bool = option(False, "Batch norm over the pictures of all devices.")
    precision: str = option(
        "float32",
        "Keras dtype policy of the networks.",
        choices=["float32", "mixed_bfloat16", "mixed_float16"],
    )
    jit_compile: bool = option(False, "Compile the step by XLA; pays on GPUs and TPUs.")
    deterministic: bool = option(False, "The same weights bit for bit every time; slower.")
    # === Resuming and reporting ===
    init_from: str = _resumable(
        "", "Begin with this generator (.keras), or both networks of this run."
    )
    fresh: bool = _resumable(False, "Begin anew where `--run` holds a run; that one is removed.")
    log_every: int = _resumable(50, "Steps per line of metrics.jsonl.", lower=1)
    save_every: int = _resumable(1000, "Steps between saved generators and sample sheets.", lower=1)
    checkpoint_every: int = _resumable(500, "Steps between checkpoints.", lower=1)
    checkpoint_minutes: float = _resumable(
        10.0, "Minutes after which a checkpoint is written anyway; 0: never.", lower=0.0
    )
    keep_checkpoints: int = _resumable(2, "Checkpoints kept.", lower=1)
    validation_records: int = _resumable(256, "Test records measured after every epoch.", lower=1)

    def __post_init__(self):
        for name in ("data", "augment"):
            object.__setattr__(self, name, checks.as_tuple(getattr(self, name)))
        if self.l1_weight is None:
            object.__setattr__(self, "l1_weight", L1_WEIGHTS.get(self.generator))


def with_current_names(values: dict) -> dict:
    """Replaces `"colour"` among the augmentations, as earlier versions spelled it, by `"color"`.

    The values are those of flags or of options.json, by option name.
    """
    augment = values.get("augment")
    if not isinstance(augment, list | tuple):
        return values
    renamed = ["color" if name == "colour" else name for name in augment]
    return values | {"augment": type(augment)(renamed)}


def to_flagfile(options: TrainingOptions) -> str:
    """The options as a flagfile that repeats the run; `fresh` is left out."""
    values = dataclasses.asdict(options)
    del values["fresh"]
    return "".join(f"--{name}={_as_text(value)}\n" for name, value in values.items())


def check_options(options: TrainingOptions) -> None:
    """Checks that the values are allowed and do not contradict each other.

    Raises:
        DeepPaintError: they do not; the message names the flag.
    """
    checks.check_options(options)
    _check_used(options)
    if bool(options.perceptual_weight) != bool(options.vgg16):
        raise DeepPaintError("--perceptual_weight and --vgg16=FILE go together; give both")
    if options.sync_norm and "instance" in (options.norm, options.discriminator_norm):
        raise DeepPaintError("--sync_norm is for batch norm; instance norm needs no other device")
    if options.head == "mixture" and not options.histogram:
        raise DeepPaintError("--head=mixture mixes the palette's colors; leave out --nohistogram")


def unused_options(generator: str) -> list[str]:
    """The options that have no effect with a generator."""
    return [name for name, generators in USED_BY.items() if generator not in generators]


def _check_used(options: TrainingOptions) -> None:
    """Raises DeepPaintError where an option that the generator does not use has been changed."""
    defaults = {field.name: field.default for field in dataclasses.fields(options)}
    for name in unused_options(options.generator):
        value = getattr(options, name)
        if value != defaults[name]:
            flag = f"--{name}={value}"
            if isinstance(value, bool):
                flag = f"--{name}" if value else f"--no{name}"
            raise DeepPaintError(
                f"{flag} has no effect with --generator={options.generator}, only with "
                f"{' and '.join(USED_BY[name])}; leave it out"
            )


def options_table() -> str:
    """The options as a Markdown table: flag, default, meaning."""
    rows = ["| flag | default | meaning |", "|---|---|---|"]
    for field in dataclasses.fields(TrainingOptions):
        text = field.metadata["help"]
        if choices := ", ".join(f"`{choice}`" for choice in field.metadata["choices"]):
            text += f" {'One' if field.type is str else 'Any'} of {choices}."
        required = field.default is dataclasses.MISSING
        default = "required" if required else f"`{_as_text(field.default)}`"
        rows.append(f"| `--{field.name}` | {default.replace('``', '')} | {text} |")
    return "\n".join(rows) + "\n"


def _as_text(value: bool | int | float | str | tuple[str, ...] | None) -> str:
    """A value as a flag takes it; of None there is none."""
    if value is None:
        return ""
    if isinstance(value, tuple | list):
        return flags.CsvListSerializer(",").serialize(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
