"""What a training will do, known before it begins: its data, steps, networks and memory."""

import dataclasses
import functools
from collections.abc import Callable, Iterator

import keras
import tensorflow as tf

from tf_deeppaint.data import loading, records
from tf_deeppaint.data.bad_records import BadRecords
from tf_deeppaint.networks.discriminator import Discriminator
from tf_deeppaint.networks.generator import Generator
from tf_deeppaint.networks.matcher.color_matcher import ColorMatcher
from tf_deeppaint.networks.unet import UNet
from tf_deeppaint.networks.vgg16 import Vgg16
from tf_deeppaint.training import distribution
from tf_deeppaint.training.gan.deep_paint import DeepPaint
from tf_deeppaint.training.gan.losses import Objective, perceptual_loss
from tf_deeppaint.training.matching.color_matching import ColorMatching
from tf_deeppaint.training.matching.losses import MatchingObjective
from tf_deeppaint.training.optimizers import make_adam
from tf_deeppaint.training.options import TrainingOptions, check_options
from tf_deeppaint.training.trainer import Trainer
from tf_deeppaint.utils.errors import DeepPaintError

# The operations whose results the backward pass reads: inputs and outputs of convolutions and
# norms, masks of the others.
_KEPT = {"Conv2D", "FusedBatchNormV3", "Relu", "LeakyRelu", "ConcatV2", "Mul", "AddV2", "Select"}
_KEPT |= {"SelectV2", "BiasAdd", "Conv2DBackpropInput", "Maximum", "Pad"}


@dataclasses.dataclass(frozen=True)
class Plan:
    """The data and the length of a training."""

    manifests: list[records.Manifest]  # of the data sets, which have one size and palette rule
    steps_per_epoch: int  # of one pass over the records; the next one fills up the last batch
    steps: int  # of the whole training


def make_plan(options: TrainingOptions, replicas: int = 1) -> Plan:
    """Reads the manifests of the data sets and counts the steps; writes nothing.

    Raises:
        DeepPaintError: data missing or too little, or a batch that the devices cannot share.
    """
    if options.batch_size % replicas:
        raise DeepPaintError(
            f"--batch_size={options.batch_size} cannot be shared by {replicas} devices; "
            f"choose a multiple of {replicas}"
        )
    bad = BadRecords(silent=True) if options.on_bad_record == "skip" else None
    manifests = loading.open_datasets(options.data, check_shards=bad is None)
    # Raises where there are too few records.
    loading.load_training(options.data, options.batch_size, options.seed, options.augment, bad=bad)
    records_per_epoch = sum(manifest.count("train") for manifest in manifests)
    steps_per_epoch = -(-records_per_epoch // options.batch_size)
    return Plan(manifests, steps_per_epoch, options.steps or options.epochs * steps_per_epoch)


def make_model(options: TrainingOptions, plan: Plan) -> Trainer:
    """Builds and compiles the model; call it in the scope of the strategy.

    Raises:
        DeepPaintError: VGG16's weights cannot be read.
    """
    shared = {
        "width": options.width,
        "size": options.size or plan.manifests[0].size,
        "background": plan.manifests[0].background,
        "seed": options.seed,
        "histogram": options.histogram,
        "synchronized": options.sync_norm,
        "dtype": options.precision,
    }
    common = (options.schedule, plan.steps, options.clip_norm, options.accumulate)
    optimizer = make_adam(options.learning_rate, *common, ema=options.ema)
    if options.generator == "matcher":
        generator = ColorMatcher(norm=options.norm, **shared)
        model = ColorMatching(generator, MatchingObjective(**_weights(options, MatchingObjective)))
        head_optimizer = make_adam(options.learning_rate, *common)
        model.compile(optimizer, head_optimizer, jit_compile=options.jit_compile)
        return model
    if options.generator == "pix2pix":
        generator = UNet(**shared)
    else:
        extra = {"norm": options.norm, "gated": options.attention, "head_kind": options.head}
        generator = Generator(**shared, **extra)
    model = DeepPaint(
        generator,
        _make_discriminator(options),
        Objective(**_weights(options, Objective)),
        options.pool_size,
        options.seed,
        _make_perceptual_loss(options),
    )
    rate = options.discriminator_learning_rate or options.learning_rate
    model.compile(optimizer, make_adam(rate, *common), jit_compile=options.jit_compile)
    return model


def _weights(options: TrainingOptions, objective: type) -> dict:
    return {field.name: getattr(options, field.name) for field in dataclasses.fields(objective)}


def _make_perceptual_loss(options: TrainingOptions) -> Callable | None:
    if not options.vgg16:
        return None
    compute_dtype = keras.DTypePolicy(options.precision).compute_dtype
    return functools.partial(perceptual_loss, Vgg16.load(options.vgg16, compute_dtype))


def _make_discriminator(options: TrainingOptions) -> Discriminator:
    return Discriminator(
        options.width,
        norm=options.discriminator_norm,
        spectral_norm=options.spectral_norm,
        synchronized=options.sync_norm,
        # The gradient penalty differentiates the discriminator twice: in float32.
        dtype="float32" if options.r1_weight else options.precision,
    )


def describe_plan(options: TrainingOptions) -> Iterator[str]:
    """Yields lines on devices, data, steps, networks and memory; nothing is written.

    Raises:
        DeepPaintError: as `loop.train` does before it begins.
    """
    check_options(options)
    strategy = distribution.open_strategy(options.strategy)
    replicas = strategy.num_replicas_in_sync
    plan = make_plan(options, replicas)
    size = options.size or plan.manifests[0].size
    batch = options.batch_size // replicas
    yield f"devices       {', '.join(distribution.device_names(strategy))}"
    for directory, manifest in zip(options.data, plan.manifests, strict=True):
        yield (
            f"data          {directory}: {manifest.count('train')} training and "
            f"{manifest.count('test')} test records"
        )
    yield f"batch         {options.batch_size} pictures of {size} x {size}, {batch} a device"
    epochs = plan.steps / plan.steps_per_epoch
    yield f"steps         {plan.steps}, {epochs:.1f} epochs of {plan.steps_per_epoch}"
    with strategy.scope():
        model = make_model(options, plan)
    for name in model.network_names:
        yield f"{name:<14}{getattr(model, name).count_params():,} parameters"
    yield f"precision     {options.precision}"
    state, activations = _state_bytes(model), activation_bytes(model, batch)
    yield (
        f"memory        about {(state + activations) / 2**30:.1f} GiB a device: "
        f"{state / 2**20:.0f} MiB of weights, optimizers and pool, "
        f"{activations / 2**20:.0f} MiB of activations"
    )
    yield f"run           {options.run}"


def _state_bytes(model: Trainer) -> int:
    """Bytes of what stays between steps, and of the gradients."""
    networks = [getattr(model, name) for name in model.network_names]
    optimizers = [getattr(model, f"{name}_optimizer") for name in model.network_names]
    kept = [variable for owner in (*networks, *optimizers) for variable in owner.variables]
    kept += [variable for network in networks for variable in network.trainable_variables]
    if isinstance(model, DeepPaint):
        kept.append(model.pool.stored)
    return sum(int(tf.size(v)) * tf.as_dtype(v.dtype).size for v in kept)


def activation_bytes(model: Trainer, batch: int) -> int:
    """Bytes that a step of `batch` pictures keeps for the backward pass, from its graphs.

    The discriminator's are counted three times: real pairs, pairs of the pool, painted pairs.
    """
    size = model.generator.size
    picture = tf.TensorSpec((batch, size, size, 3))
    inputs = {"sketch": picture, "palette": tf.TensorSpec((batch, 4, 4, 3))}
    generate = tf.function(lambda inputs: model(inputs, training=True), autograph=False)
    passes = [generate.get_concrete_function(inputs)]
    if isinstance(model, DeepPaint):
        discriminate = tf.function(
            lambda pair: model.discriminator(pair, training=True), autograph=False
        )
        pair = tf.TensorSpec((batch, size, size, 6))
        passes += 3 * [discriminate.get_concrete_function(pair)]
    results = [
        operation.outputs[0]
        for forward_pass in passes
        for operation in forward_pass.graph.get_operations()
        if operation.type in _KEPT
    ]
    return sum(
        result.shape.num_elements() * result.dtype.size
        for result in results
        if result.shape.is_fully_defined()
    )
