"""Which devices a training runs on: TensorFlow's distribution strategies by name."""

import contextlib
import json
import os
from collections.abc import Iterator

import tensorflow as tf

from tf_deeppaint.utils.errors import DeepPaintError, one_line

STRATEGIES = ("auto", "one", "mirrored", "multi_worker", "tpu")


def open_strategy(name: str) -> tf.distribute.Strategy:
    """Makes a strategy; call it before TensorFlow does anything else.

    Args:
        name: `"one"` device; `"mirrored"`: all GPUs of this machine, or its logical CPU devices
            where it has none; `"multi_worker"`: the machines that TF_CONFIG names; `"tpu"`: the
            TPU that TPU_NAME names, or a local one; `"auto"`: what there is.

    Raises:
        DeepPaintError: no such strategy, or the machine lacks what it needs.
    """
    if name == "auto":
        name = _what_there_is()
    if name == "one":
        return tf.distribute.get_strategy()
    if name == "mirrored":
        devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    if name == "multi_worker":
        if _workers() < 2:
            raise DeepPaintError(
                "--strategy=multi_worker needs two workers or more in TF_CONFIG: {"
                '"cluster": {"worker": ["host:port", ...]}, "task": {"type": "worker", "index": 0}}'
            )
        return tf.distribute.MultiWorkerMirroredStrategy()
    if name == "tpu":
        return _tpu()
    raise DeepPaintError(f"strategy={name!r}: choose one of {', '.join(STRATEGIES)}")


def is_chief() -> bool:
    """Whether this process writes the run: the only one, or the first of the workers."""
    task = _part(_configuration(), "task")
    return task.get("type", "worker") in ("worker", "chief") and not task.get("index", 0)


@contextlib.contextmanager
def naming_lost_workers() -> Iterator[None]:
    """Turns TensorFlow's complaint about other machines into an error that says what to do.

    Raises:
        DeepPaintError: another worker died, or cannot be reached any more.
    """
    try:
        yield
    except _LOST as error:
        if _workers() < 2:
            raise
        raise DeepPaintError(
            "another worker has died or cannot be reached; start all of them again with the same "
            f"command, and the run goes on ({one_line(error)})"
        ) from error


_LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
)


def _what_there_is() -> str:
    if _workers() > 1:
        return "multi_worker"
    if os.environ.get("TPU_NAME"):
        return "tpu"
    return "mirrored" if len(tf.config.list_physical_devices("GPU")) > 1 else "one"


def _configuration() -> dict:
    try:
        configuration = json.loads(os.environ.get("TF_CONFIG") or "{}")
    except (ValueError, RecursionError) as error:
        raise DeepPaintError(f"TF_CONFIG: not JSON ({error})") from error
    return configuration if isinstance(configuration, dict) else {}


def _part(configuration: dict, name: str) -> dict:
    part = configuration.get(name, {})
    if not isinstance(part, dict):
        raise DeepPaintError(f'TF_CONFIG: "{name}" is {str(part)[:40]}; an object is needed')
    return part


def _workers() -> int:
    cluster = _part(_configuration(), "cluster")
    hosts = [cluster.get(kind, []) for kind in ("chief", "worker")]
    if not all(isinstance(of_kind, list) for of_kind in hosts):
        raise DeepPaintError('TF_CONFIG: "chief" and "worker" are lists of host:port')
    return sum(map(len, hosts))


def _tpu() -> tf.distribute.Strategy:
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(os.environ.get("TPU_NAME", ""))
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
        return tf.distribute.TPUStrategy(resolver)
    except Exception as error:  # what is missing differs from host to host
        raise DeepPaintError(
            f"--strategy=tpu: no TPU can be reached ({one_line(error)})"
        ) from error
