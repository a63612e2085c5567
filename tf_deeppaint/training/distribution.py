"""The devices a training runs on: TensorFlow's distribution strategies by name, and TF_CONFIG."""

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf

from tf_deeppaint.utils.commands import install_command
from tf_deeppaint.utils.errors import DeepPaintError, one_line

_TF_CONFIG_FORM = (
    'set it to {"cluster": {"worker": ["host:port", ...]}, "task": {"type": "worker", "index": 0}}'
)
_LOST_WORKERS = (tf.errors.UnavailableError, tf.errors.AbortedError)
_LOST_WORKERS += (tf.errors.CancelledError, tf.errors.DeadlineExceededError)


def open_strategy(name: str) -> tf.distribute.Strategy:
    """Makes a strategy; call it before TensorFlow does anything else.

    Args:
        name: `"one"` device; `"mirrored"`: all GPUs of this machine, or its logical CPU devices
            where it has none; `"multi_worker"`: the machines that TF_CONFIG names; `"tpu"`: the
            TPU that TPU_NAME names, or a local one; `"auto"`: the last of these that is available.

    Raises:
        DeepPaintError: the machine lacks what the strategy needs.
        ValueError: no such strategy.
    """
    if name == "auto":
        name = _choose_strategy()
    if name == "one":
        return tf.distribute.get_strategy()
    if name == "mirrored":
        devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    if name == "multi_worker":
        if _count_workers() < 2:
            raise DeepPaintError(
                f"--strategy=multi_worker needs two workers or more in TF_CONFIG; {_TF_CONFIG_FORM}"
            )
        return tf.distribute.MultiWorkerMirroredStrategy()
    if name == "tpu":
        return _connect_tpu()
    raise ValueError(f"strategy={name!r}")


def device_names(strategy: tf.distribute.Strategy) -> list[str]:
    """The names of a strategy's devices, for people."""
    if strategy.num_replicas_in_sync > 1:
        return list(strategy.extended.worker_devices)
    if not (gpus := tf.config.list_physical_devices("GPU")):
        return [f"CPU ({os.cpu_count()} cores)"]
    details = tf.config.experimental.get_device_details(gpus[0])
    return [f"GPU ({details.get('device_name', gpus[0].name)})"]


def unused_gpu() -> str | None:
    """Why TensorFlow does not use the GPU of this machine; None where there is none, or it does."""
    if tf.config.list_physical_devices("GPU") or not _has_nvidia_gpu():
        return None
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1"):
        return "CUDA_VISIBLE_DEVICES hides it"
    if not tf.test.is_built_with_cuda():
        return "this TensorFlow is built without CUDA; on Windows, use WSL"
    return f"TensorFlow finds no CUDA libraries; run {install_command('gpu')}"


def _has_nvidia_gpu() -> bool:
    """Whether NVIDIA's driver is here, whatever TensorFlow makes of it."""
    driver = Path("/proc/driver/nvidia/gpus")
    return (driver.is_dir() and any(driver.iterdir())) or shutil.which("nvidia-smi") is not None


def is_chief() -> bool:
    """Whether this process writes the run: the only one, or the first of the workers.

    Raises:
        DeepPaintError: TF_CONFIG is set, but describes no cluster.
    """
    with _wrap_tf_config_errors():
        cluster = tf.distribute.cluster_resolver.TFConfigClusterResolver()
        return cluster.task_type in (None, "worker", "chief") and not cluster.task_id


@contextlib.contextmanager
def wrap_lost_workers() -> Iterator[None]:
    """Turns TensorFlow's errors about other machines into a DeepPaintError with what to do."""
    try:
        yield
    except _LOST_WORKERS as error:
        if _count_workers() < 2:
            raise
        raise DeepPaintError(
            "another worker has died or cannot be reached; start all of them again with the same "
            f"command to resume ({one_line(error)})"
        ) from error


def _choose_strategy() -> str:
    if _count_workers() > 1:
        return "multi_worker"
    if os.environ.get("TPU_NAME"):
        return "tpu"
    return "mirrored" if len(tf.config.list_physical_devices("GPU")) > 1 else "one"


def _count_workers() -> int:
    with _wrap_tf_config_errors():
        cluster = tf.distribute.cluster_resolver.TFConfigClusterResolver().cluster_spec()
        return sum(cluster.num_tasks(job) for job in cluster.jobs if job in ("chief", "worker"))


@contextlib.contextmanager
def _wrap_tf_config_errors() -> Iterator[None]:
    try:
        yield
    except Exception as error:  # TensorFlow raises whatever its parsing of any JSON raises
        raise DeepPaintError(
            f"TF_CONFIG: does not describe a cluster ({one_line(error)}); {_TF_CONFIG_FORM}"
        ) from error


def _connect_tpu() -> tf.distribute.Strategy:
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver(os.environ.get("TPU_NAME", ""))
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
        return tf.distribute.TPUStrategy(resolver)
    except Exception as error:  # what is missing differs from host to host
        reason = one_line(error)
        raise DeepPaintError(f"--strategy=tpu: no TPU can be reached ({reason})") from error
