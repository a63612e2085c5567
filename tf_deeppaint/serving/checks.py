"""Checks of a request in the TensorFlow graph.

A failed check stops a graph, but not the operations that do not depend on it, and some of
TensorFlow's abort the whole process on empty input. So every check returns what it has checked.
"""

import tensorflow as tf

# The most pictures of a batch.
MAX_BATCH = 64


def require(condition: tf.Tensor, tensor: tf.Tensor, *message: str | tf.Tensor) -> tf.Tensor:
    """Returns the tensor; when it runs, fails with the message where the condition is false."""
    stop = tf.debugging.Assert(condition, [tf.strings.join(list(message))])
    with tf.control_dependencies([stop]):
        return tf.identity(tensor)


def check_shape(tensor: tf.Tensor, name: str, *shape: int | str) -> tf.Tensor:
    """Returns a tensor of the shape that its signature declares; sides with a name are free.

    TensorFlow Serving does not compare them. TensorFlow believes the signature and would leave the
    comparison out, so the static shape is removed first.
    """
    tensor = tf.raw_ops.PlaceholderWithDefault(input=tensor, shape=tf.TensorShape(None))
    sides = tf.concat([tf.shape(tensor), tf.fill([len(shape)], -1)], axis=0)[: len(shape)]
    static = [side if isinstance(side, int) else None for side in shape]
    fits = [sides[axis] == side for axis, side in enumerate(static) if side is not None]
    sound = tf.reduce_all([tf.equal(tf.size(tf.shape(tensor)), len(shape)), *fits])
    message = f"{name}: shape ({', '.join(map(str, shape))}) is needed"
    return tf.ensure_shape(require(sound, tensor, message), static)


def check_files(files: tf.Tensor, name: str) -> tf.Tensor:
    """Returns encoded pictures, string `(N,)`, of which there are at most `MAX_BATCH`."""
    files = check_shape(files, name, "N")
    message = f"{name}: at most {MAX_BATCH} pictures a batch are taken"
    return require(tf.size(files) <= MAX_BATCH, files, message)


def check_counts(sketches: tf.Tensor, colors: tf.Tensor, colors_name: str) -> list[tf.Tensor]:
    """Returns sketches and what gives their colors, of which there are as many."""
    counts = [tf.shape(tensor)[0] for tensor in (sketches, colors)]
    message = f"as many sketch_bytes as {colors_name} are needed, not "
    words = (message, tf.as_string(counts[0]), " and ", tf.as_string(counts[1]))
    return [require(counts[0] == counts[1], tensor, *words) for tensor in (sketches, colors)]
