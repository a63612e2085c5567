"""The plan of a training: what it says agrees with what a training does."""

import re
from pathlib import Path

import pytest
import tensorflow as tf

from tf_deeppaint import DeepPaint, Discriminator
from tf_deeppaint.networks.unet import UNet
from tf_deeppaint.training.options import TrainingOptions
from tf_deeppaint.training.plan import activation_bytes, describe_plan
from tf_deeppaint.utils.errors import DeepPaintError


def plan_of(data: Path, **changes) -> dict[str, str]:
    small = {"width": 4, "batch_size": 2, "epochs": 3, "pool_size": 10}
    lines = describe_plan(TrainingOptions(data=(str(data),), run="runs/x", **small | changes))
    return dict(re.split(r"\s{2,}|(?<=discriminator)\s", line, maxsplit=1) for line in lines)


def test_the_plan_counts_devices_data_steps_and_parameters(doll_shards) -> None:
    plan = plan_of(doll_shards)
    assert plan["devices"].startswith("CPU (")
    assert plan["data"] == f"{doll_shards}: 8 training and 4 test records"
    assert plan["batch"] == "2 pictures of 64 x 64, 2 a device"
    assert plan["steps"] == "12, 3.0 epochs of 4"
    assert plan["generator"] == "194,061 parameters"
    assert plan["discriminator"] == "11,933 parameters"
    assert (plan["precision"], plan["run"]) == ("float32", "runs/x")
    weights, activations = map(int, re.findall(r"(\d+) MiB", plan["memory"]))
    # Twice each weight's moments, a gradient and itself: 16 bytes; the pool 10 x 64 x 64 x 6 x 4.
    assert weights == round((16 * (194_061 + 11_933) + 10 * 64 * 64 * 24) / 2**20)
    assert activations > 5


def test_larger_batches_and_pictures_take_more(doll_shards) -> None:
    small = DeepPaint(UNet(4, size=64), Discriminator(4))
    large = DeepPaint(UNet(4, size=128), Discriminator(4))
    one, two, four = (activation_bytes(*a) for a in ((small, 1), (small, 2), (large, 1)))
    assert two == pytest.approx(2 * one, rel=0.02) and four == pytest.approx(4 * one, rel=0.1)


def test_a_plan_that_cannot_be_followed_is_refused_and_nothing_is_written(tmp_path) -> None:
    with pytest.raises(DeepPaintError, match="no such folder"):
        list(
            describe_plan(TrainingOptions(data=(str(tmp_path / "none"),), run=str(tmp_path / "r")))
        )
    assert not list(tmp_path.iterdir())
    assert tf.executing_eagerly()
