"""What decides about a training, and whether it can be followed."""

import dataclasses
import math
from collections.abc import Sequence

from tf_deeppaint.data import loading, records
from tf_deeppaint.data.bad_records import BadRecords
from tf_deeppaint.utils.errors import DeepPaintError


@dataclasses.dataclass(frozen=True)
class TrainingOptions:
    """What decides about a run; each field is documented by the flag of the same name."""

    data: Sequence[str]
    run: str
    # === Length ===
    steps: int = 0
    epochs: int = 30
    batch_size: int = 4
    # === Networks ===
    generator: str = "deeppaint"
    width: int = 64
    norm: str = "batch"
    attention: bool = True
    histogram: bool = True
    head: str = "rgb"
    discriminator_norm: str = "batch"
    spectral_norm: bool = False
    # === Objective ===
    gan_loss: str = "bce"
    l1_weight: float = 100.0
    perceptual_weight: float = 0.0
    vgg16: str = ""
    tv_weight: float = 0.0
    r1_weight: float = 0.0
    pool_size: int = 50
    # === Optimization ===
    learning_rate: float = 2e-4
    discriminator_learning_rate: float = 0.0
    schedule: str = "constant"
    clip_norm: float = 0.0
    accumulate: int = 1
    ema: float = 0.0
    # === Data ===
    augment: Sequence[str] = ("flip",)
    seed: int = 0
    on_bad_record: str = "stop"
    # === Machine ===
    strategy: str = "auto"
    sync_norm: bool = False
    precision: str = "float32"
    jit_compile: bool = False
    deterministic: bool = False
    # === Going on, and reporting ===
    init_from: str = ""
    fresh: bool = False
    log_every: int = 50
    save_every: int = 1000
    checkpoint_every: int = 500
    checkpoint_minutes: float = 10.0
    keep_checkpoints: int = 2
    validation_records: int = 256


def check_options(options: TrainingOptions, replicas: int) -> list[records.Manifest]:
    """Reads the manifests of the data sets and checks that the options can be followed.

    Args:
        options: What decides about the run.
        replicas: Number of devices that share a batch.

    Raises:
        DeepPaintError: data missing or too little, or options that contradict each other.
    """
    for field in dataclasses.fields(options):
        value = getattr(options, field.name)
        if isinstance(value, float) and not math.isfinite(value):
            raise DeepPaintError(f"--{field.name}={value}: a finite number is needed")
    bad = BadRecords(silent=True) if options.on_bad_record == "skip" else None
    manifests = loading.open_datasets(options.data, whole=bad is None)
    if options.batch_size % replicas:
        raise DeepPaintError(
            f"--batch_size={options.batch_size} cannot be shared by {replicas} devices; "
            f"choose a multiple of {replicas}"
        )
    if bool(options.perceptual_weight) != bool(options.vgg16):
        raise DeepPaintError("--perceptual_weight and --vgg16=FILE go together; give both")
    if options.sync_norm and "instance" in (options.norm, options.discriminator_norm):
        raise DeepPaintError("--sync_norm is for batch norm; instance norm needs no other device")
    if options.generator == "pix2pix" and (options.norm != "batch" or not options.attention):
        raise DeepPaintError("--generator=pix2pix has batch norm and no gates; leave out the flags")
    if options.head == "mixture" and (options.generator == "pix2pix" or not options.histogram):
        raise DeepPaintError("--head=mixture needs --generator=deeppaint and --histogram")
    # Raises where there are too few records, or an augmentation does not exist.
    loading.load_training(options.data, options.batch_size, options.seed, options.augment, bad=bad)
    return manifests


def steps_per_epoch(options: TrainingOptions, manifests: list[records.Manifest]) -> int:
    """Steps of one pass over the training records, the last batch filled up by the next pass."""
    count = sum(manifest.count("train") for manifest in manifests)
    return -(-count // options.batch_size)


def total_steps(options: TrainingOptions, manifests: list[records.Manifest]) -> int:
    """Steps of the whole training."""
    return options.steps or options.epochs * steps_per_epoch(options, manifests)
