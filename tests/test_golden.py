"""Files made by the version before the packages are read, and its runs continued, as it did.

tests/golden/make_before_packages.py made them, with the old version's own code.
"""

import dataclasses
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

from tests.helpers.programs import ROOT, run
from tf_deeppaint import Discriminator, Generator, Painter
from tf_deeppaint.data.loading import first_records
from tf_deeppaint.painting.prediction import Prediction
from tf_deeppaint.palette.palette_files import load_palette

GOLDEN = Path(__file__).parent / "golden" / "before_packages"
MODELS = [
    "rgb.keras",
    "mixture.keras",
    "mixture.tflite",
    "instance.keras",
    "no_histogram.keras",
    "no_attention.keras",
    "pix2pix.keras",
    "folded.keras",
]
PALETTES = {
    "picture": ["--picture=docs/pictures/reference.png"],
    "colors": ["--colors=#f4c7a1,#3b5dc9,#333"],
    "bands": ["--picture=docs/pictures/reference.png", "--colors=#3b5dc9,#c0392b", "--bands=1,4"],
}
# The flags of the old runs, in the old words.
RUNS = {
    "plain": [],
    "augmented": ["--augment=flip,colour,bands", "--ema=0.9", "--head=mixture", "--norm=instance"],
}
RUN_FLAGS = ["--width=2", "--batch_size=2", "--pool_size=2", "--deterministic", "--log_every=1"]
WEIGHTS_STRIDE = 16  # of the continued weights, every sixteenth value is kept


@pytest.fixture(scope="module")
def expected() -> dict:
    return dict(np.load(GOLDEN / "expected.npz"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The archives, unpacked."""
    folder = tmp_path_factory.mktemp("before_packages")
    for archive in GOLDEN.glob("*.tar.xz"):
        with tarfile.open(archive) as tar:
            tar.extractall(folder / archive.name.removesuffix(".tar.xz"), filter="data")
    return folder


def assert_same_pictures(pictures: np.ndarray, expected: np.ndarray) -> None:
    """At most one level apart, but for one value in twenty.

    Where two values of a pooling cell differ in their last bits, another processor takes the other
    one, and in a network of random weights a spot of the picture follows.
    """
    assert pictures.shape == expected.shape and pictures.dtype == np.uint8
    difference = np.abs(pictures.astype(int) - expected)
    assert np.mean(difference > 1) < 0.05


@pytest.mark.parametrize("name", MODELS)
def test_an_old_model_paints_the_same(folder, expected, name):
    sketches, palettes = expected["sketches"], expected["palettes"]
    assert np.ptp(expected[name]) > 50  # not one flat color
    predictions = Painter.load(folder / "models" / name).backend.run(sketches, palettes)
    pictures = np.stack([even_as_before(prediction).picture() for prediction in predictions])
    assert_same_pictures(pictures[:, ::2, ::2], expected[name])


def test_an_old_discriminator_judges_the_same(folder, expected):
    assert Discriminator  # known to Keras by its import
    colors = expected["sketches"][..., None].repeat(3, axis=-1)
    pairs = np.concatenate([colors, colors[:, ::-1]], axis=-1)
    network = keras.saving.load_model(folder / "models" / "discriminator.keras")
    logits = network(pairs.astype("float32") / 127.5 - 1.0)
    np.testing.assert_allclose(logits, expected["discriminator"], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["own", "styles"])
def test_old_shards_are_sound_and_hold_the_same_records(folder, expected, name):
    for split in ("train", "test"):
        records = first_records(folder / "datasets" / name, split, 12)
        for part, kind in zip(records, ("sketches", "pictures", "palettes"), strict=True):
            digest = hashlib.sha256(np.ascontiguousarray(part)).hexdigest()
            assert digest == expected[f"{name}_{split}_{kind}"], (split, kind)
    verified = run("tfrecords.verify", f"--data={folder / 'datasets' / name}")
    assert verified.returncode == 0, verified.stdout + verified.stderr


@pytest.mark.parametrize("name", PALETTES)
def test_an_old_palette_is_read_and_made_again(tmp_path, name):
    flags = [*PALETTES[name], "--background=white", f"--output={tmp_path}/new.json"]
    done = run("tf_deeppaint.palette", *flags)
    assert done.returncode == 0, done.stderr
    old = load_palette(GOLDEN / f"{name}.json")
    assert old.shape == (4, 4, 3) and np.ptp(old) > 50
    np.testing.assert_array_equal(load_palette(tmp_path / "new.json"), old)


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_an_old_run_is_continued_to_the_same_weights(folder, expected, tmp_path, name):
    shutil.copytree(folder / "runs" / name, tmp_path / "runs" / name)
    shutil.copytree(folder / "datasets", tmp_path / "datasets")
    flags = ["--data=datasets/own", f"--run=runs/{name}", "--steps=4", *RUN_FLAGS, *RUNS[name]]
    done = subprocess.run(
        [sys.executable, "-m", "tf_deeppaint.train", *flags],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "after step 2 of 4" in done.stdout

    log = (tmp_path / "runs" / name / "metrics.jsonl").read_text().splitlines()
    lines = [line for line in map(json.loads, log) if "generator_loss" in line]
    losses = [[line["l1"], line["generator_loss"]] for line in lines]
    np.testing.assert_allclose(losses, expected[f"{name}_losses"], rtol=1e-3)

    assert Generator  # known to Keras by its import
    weights = keras.saving.load_model(tmp_path / "runs" / name / "generator.keras").get_weights()
    values = np.concatenate([np.ravel(array) for array in weights])[::WEIGHTS_STRIDE]
    difference = np.abs(values - expected[name])
    # Adam moves a weight by 2e-4 a step, by the sign of a gradient; where the gradient is next to
    # nothing, rounding decides about the sign.
    assert np.mean(difference < 1e-5) > 0.99
    assert difference.max() < 1e-3


def even_as_before(prediction: Prediction) -> Prediction:
    """A prediction with the regions of before: closed ones, on the canvas, with their means."""
    if prediction.weights is None:
        return prediction
    canvas, weights = prediction.canvas, prediction.weights.copy()
    paper = cv2.erode((canvas >= 200).astype(np.uint8), np.ones((3, 3), np.uint8))
    _, labels = cv2.connectedComponents(paper, connectivity=4)
    edges = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1], [0]])
    # Where regions meet under a line, the later one has it.
    for label in np.setdiff1d(labels, edges):
        region = labels == label
        if region.mean() >= 5e-4:
            grown = cv2.dilate(region.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
            weights[grown] = prediction.weights[region].mean(axis=0, dtype=float)
    mixture = prediction.mixture._replace(weights=weights)
    return dataclasses.replace(prediction, mixture=mixture)
