"""What a training would do and need, found without doing it."""

from collections.abc import Iterator

import tensorflow as tf

from tf_deeppaint.training import distribution
from tf_deeppaint.training.deep_paint import DeepPaint
from tf_deeppaint.training.loop import make_model
from tf_deeppaint.training.options import (
    TrainingOptions,
    check_options,
    steps_per_epoch,
    total_steps,
)


def describe_plan(options: TrainingOptions) -> Iterator[str]:
    """Yields lines on devices, data, networks, steps and memory; nothing is written.

    Raises:
        DeepPaintError: as `training.train` does before it begins.
    """
    strategy = distribution.open_strategy(options.strategy)
    replicas = strategy.num_replicas_in_sync
    manifests = check_options(options, replicas)
    size, batch = manifests[0].size, options.batch_size // replicas
    yield f"devices       {', '.join(_device_names(strategy))}"
    for directory, manifest in zip(options.data, manifests, strict=True):
        yield (
            f"data          {directory}: {manifest.count('train')} training and "
            f"{manifest.count('test')} test records"
        )
    yield f"batch         {options.batch_size} pictures of {size} x {size}, {batch} a device"
    total, epoch = total_steps(options, manifests), steps_per_epoch(options, manifests)
    yield f"steps         {total}, {total / epoch:.1f} epochs of {epoch}"
    with strategy.scope():
        model = make_model(options, manifests)
    for name in ("generator", "discriminator"):
        yield f"{name:<14}{getattr(model, name).count_params():,} parameters"
    yield f"precision     {options.precision}"
    state, activations = state_bytes(model), activation_bytes(model, batch)
    yield (
        f"memory        about {(state + activations) / 2**30:.1f} GiB a device: "
        f"{state / 2**20:.0f} MiB of weights, optimizers and pool, "
        f"{activations / 2**20:.0f} MiB of activations"
    )
    yield f"run           {options.run}"


def state_bytes(model: DeepPaint) -> int:
    """Bytes of all that stays between steps, and of the gradients."""
    networks = (model.generator, model.discriminator)
    optimizers = (model.generator_optimizer, model.discriminator_optimizer)
    kept = [v for owner in (*networks, *optimizers) for v in owner.variables]
    gradients = [v for network in networks for v in network.trainable_variables]
    pool = tf.size(model.pool.stored).numpy() * model.pool.stored.dtype.size
    return int(sum(_bytes(v) for v in [*kept, *gradients]) + pool)


def activation_bytes(model: DeepPaint, batch: int) -> int:
    """Bytes of what a step's forward passes leave for the way back, an estimate from the graph.

    Counted are the results of all operations that compute; the discriminator's three times.
    """
    size = model.generator.size
    picture = tf.TensorSpec((batch, size, size, 3))
    palette = tf.TensorSpec((batch, 4, 4, 3))

    @tf.function
    def paint(sketch, palette):
        return model({"sketch": sketch, "palette": palette}, training=True)

    @tf.function
    def judge(pair):
        return model.discriminator(pair, training=True)

    painted = _results(paint.get_concrete_function(picture, palette).graph)
    pair = tf.TensorSpec((batch, size, size, 6))
    return painted + 3 * _results(judge.get_concrete_function(pair).graph)


# What the way back reads: inputs and outputs of convolutions and norms, masks of the rest.
_KEPT = {"Conv2D", "FusedBatchNormV3", "Relu", "LeakyRelu", "ConcatV2", "Mul", "AddV2", "Select"}
_KEPT |= {"SelectV2", "BiasAdd", "Conv2DBackpropInput", "Maximum", "Pad"}


def _results(graph: tf.Graph) -> int:
    results = [
        operation.outputs[0] for operation in graph.get_operations() if operation.type in _KEPT
    ]
    return sum(
        result.shape.num_elements() * result.dtype.size
        for result in results
        if result.shape.is_fully_defined()
    )


def _bytes(variable) -> int:
    return int(tf.size(variable)) * tf.as_dtype(variable.dtype).size


def _device_names(strategy: tf.distribute.Strategy) -> list[str]:
    if strategy.num_replicas_in_sync > 1:
        return list(strategy.extended.worker_devices)
    gpus = tf.config.list_physical_devices("GPU")
    return [gpus[0].name if gpus else "CPU"]
