"""Strategies by name: what is chosen where, and what is said where something is missing."""

import json

import pytest
import tensorflow as tf

from tf_deeppaint.training import distribution
from tf_deeppaint.utils.errors import DeepPaintError


@pytest.fixture(autouse=True)
def alone(monkeypatch):
    for name in ("TF_CONFIG", "TPU_NAME"):
        monkeypatch.delenv(name, raising=False)


def cluster(index: int, *workers: str, kind: str = "worker") -> str:
    return json.dumps(
        {"cluster": {"worker": list(workers)}, "task": {"type": kind, "index": index}}
    )


def test_one_device_is_the_default_strategy() -> None:
    for name in ("one", "auto"):
        assert distribution.open_strategy(name) is tf.distribute.get_strategy()
    assert distribution.open_strategy("mirrored").num_replicas_in_sync == 1


def test_auto_takes_what_there_is(monkeypatch) -> None:
    opened = []
    monkeypatch.setattr(
        tf.distribute, "MultiWorkerMirroredStrategy", lambda: opened.append("multi_worker")
    )
    monkeypatch.setattr(tf.distribute, "MirroredStrategy", lambda names: opened.append(names))
    monkeypatch.setattr(distribution, "_connect_tpu", lambda: opened.append("tpu"))
    gpu = type("Device", (), {"name": "GPU:0"})()
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [gpu, gpu])
    monkeypatch.setattr(tf.config, "list_logical_devices", lambda kind: [gpu, gpu])
    distribution.open_strategy("auto")
    monkeypatch.setenv("TPU_NAME", "local")
    distribution.open_strategy("auto")
    monkeypatch.setenv("TF_CONFIG", cluster(0, "a:1", "b:1"))
    distribution.open_strategy("auto")
    assert opened == [["GPU:0", "GPU:0"], "tpu", "multi_worker"]


@pytest.mark.parametrize(
    "configuration, chief",
    [
        (None, True),
        (cluster(0, "a:1", "b:1"), True),
        (cluster(1, "a:1", "b:1"), False),
        (cluster(0, "a:1", "b:1", kind="chief"), True),
        (cluster(0, "a:1", "b:1", kind="evaluator"), False),
        ("[]", True),
    ],
)
def test_the_first_worker_writes_the_run(monkeypatch, configuration, chief) -> None:
    if configuration is not None:
        monkeypatch.setenv("TF_CONFIG", configuration)
    assert distribution.is_chief() == chief


def test_what_is_missing_is_told_in_one_line(monkeypatch) -> None:
    for name, words in (
        ("multi_worker", "needs two workers or more in TF_CONFIG"),
        ("tpu", "no TPU can be reached"),
    ):
        with pytest.raises(DeepPaintError, match=words) as caught:
            distribution.open_strategy(name)
        assert "\n" not in str(caught.value)
    monkeypatch.setenv("TF_CONFIG", "{")
    with pytest.raises(DeepPaintError, match="TF_CONFIG: does not describe a cluster"):
        distribution.open_strategy("auto")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[" * 100_000,
        '{"task": 7}',
        '{"cluster": []}',
        '{"cluster": {"worker": "a:1"}}',
        '{"cluster": {"worker": 2}}',
    ],
    ids=lambda text: text[:30],
)
def test_a_cluster_that_is_none_is_told(monkeypatch, text) -> None:
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(DeepPaintError, match="TF_CONFIG: ") as caught:
        distribution.open_strategy("auto"), distribution.is_chief()
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


def test_a_lost_worker_is_told_of_where_there_are_several(monkeypatch) -> None:
    lost = tf.errors.UnavailableError(None, None, "Collective ops\nis aborted")
    with pytest.raises(tf.errors.UnavailableError), distribution.wrap_lost_workers():
        raise lost
    monkeypatch.setenv("TF_CONFIG", cluster(0, "a:1", "b:2"))
    said = r"another worker has died .* same command.*\(Collective ops is aborted\)"
    with pytest.raises(DeepPaintError, match=said), distribution.wrap_lost_workers():
        raise lost
    with pytest.raises(KeyError), distribution.wrap_lost_workers():
        raise KeyError


@pytest.mark.parametrize(
    ("gpus", "driver", "visible", "cuda", "words"),
    [
        ([], False, None, True, None),  # there is none
        (["GPU:0"], True, None, True, None),  # it is used
        ([], True, "-1", True, "CUDA_VISIBLE_DEVICES hides it"),
        ([], True, "", True, "CUDA_VISIBLE_DEVICES hides it"),
        ([], True, None, False, "built without CUDA"),
        ([], True, "0", True, 'pip install -e ".[gpu]"'),
    ],
)
def test_why_a_gpu_is_not_used_is_said(monkeypatch, gpus, driver, visible, cuda, words) -> None:
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: gpus)
    monkeypatch.setattr(distribution, "_has_nvidia_gpu", lambda: driver)
    monkeypatch.setattr(tf.test, "is_built_with_cuda", lambda: cuda)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    reason = distribution.unused_gpu()
    assert reason is None if words is None else words in reason
