"""Fixtures that several test modules share; the costly ones are made once a session."""

import os
from pathlib import Path

from tests.helpers.dolls import CONFIG, DOLLS

# Decoders and TensorFlow talk to stderr on their own, as they must not in a test's output.
os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# As programs do, on every processor.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
# There is a worker for each core: threads beyond one only wait for each other.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

import pytest

from tf_deeppaint.data.build.builder import build_dataset
from tf_deeppaint.utils import locks

# No other machine takes part in a test.
locks.SETTLE_S = 0.0


@pytest.fixture(scope="session")
def doll_shards(tmp_path_factory) -> Path:
    """A finished data set of twelve dolls at 64 pixels; to be read, not written to."""
    directory = tmp_path_factory.mktemp("dolls") / "data"
    build_dataset(DOLLS, directory, CONFIG)
    return directory


@pytest.fixture(scope="session")
def litert_model(tmp_path_factory) -> tuple:
    """A tiny network with the mixture head, and the file it was converted to; not to be changed."""
    from tests.helpers.small_networks import make_network
    from tf_deeppaint.exporting.litert import convert

    network = make_network("mixture")
    path = tmp_path_factory.mktemp("litert") / "model.tflite"
    path.write_bytes(convert(network))
    return network, path
