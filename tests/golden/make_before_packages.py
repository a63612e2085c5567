"""Makes before_packages/ beside itself: files of the version before the packages.

tests/test_golden.py checks that today's version reads and continues them. The script runs against
a checkout of commit 59578e3, the last one with flat modules:

    git worktree add OLD 59578e3
    PYTHONPATH=OLD python tests/golden/make_before_packages.py

Weights are rounded to few bits, so that the archives compress well.
"""

import hashlib
import json
import os
import runpy
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zlib
from pathlib import Path

import keras
import numpy as np

import tf_deeppaint

OLD = Path(tf_deeppaint.__file__).parents[1]
TARGET = Path(__file__).parent / "before_packages"

SIZE = 64
WEIGHT_BITS = 2
OPTIMIZER_BITS = 0
# A run ends after this many steps; its continuation after twice as many.
STEPS = 2
# Of the continued weights, every so-many-th value is kept.
EXPECTED_STRIDE = 16

DATASETS = {"own": ("--sketch=own", "--background=white"), "styles": ("--sketch=own,thin",)}
RUNS = {
    "plain": (),
    "augmented": ("--augment=flip,colour,bands", "--ema=0.9", "--head=mixture", "--norm=instance"),
}
RUN_FLAGS = ("--width=2", "--batch_size=2", "--pool_size=2", "--deterministic", "--log_every=1")
PALETTES = {
    "picture": ("--picture=reference.png",),
    "colors": ("--colors=#f4c7a1,#3b5dc9,#333",),
    "bands": ("--picture=reference.png", "--colors=#3b5dc9,#c0392b", "--bands=1,4"),
}


def rounded(values: np.ndarray, bits: int = WEIGHT_BITS) -> np.ndarray:
    """float32 -> the nearest one of so many bits after the leading one."""
    fraction, exponent = np.frexp(np.asarray(values, np.float32))
    scale = 2.0 ** (bits + 1)
    return np.ldexp(np.round(fraction * scale) / scale, exponent).astype("float32")


def call(module: str, *arguments: str, cwd: Path) -> None:
    command = [sys.executable, "-m", module, *arguments]
    subprocess.run(command, cwd=cwd, env=os.environ | {"PYTHONPATH": str(OLD)}, check=True)


def pack(name: str, folder: Path) -> None:
    """Writes a folder as an archive whose bytes do not depend on the time."""

    def without_owner(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        plain = tarfile.TarInfo(entry.name)
        plain.size, plain.type, plain.mode = entry.size, entry.type, entry.mode
        return plain

    with tarfile.open(TARGET / f"{name}.tar.xz", "w:xz", preset=9) as archive:
        for path in sorted(folder.iterdir()):
            archive.add(path, path.name, filter=without_owner)


def make_models(folder: Path, sketches: np.ndarray, palettes: np.ndarray) -> dict:
    """Saves a network of every kind; returns what each paints, by file name."""
    from tf_deeppaint.folding import fold_norms
    from tf_deeppaint.generator_files import write_generator
    from tf_deeppaint.litert import convert

    from tf_deeppaint import Discriminator, Generator, Painter, UNet

    networks = {
        "rgb": Generator(2, size=SIZE),
        "mixture": Generator(2, size=SIZE, background="white", head="mixture"),
        "instance": Generator(2, size=SIZE, norm="instance"),
        "no_histogram": Generator(2, size=SIZE, histogram=False),
        "no_attention": Generator(2, size=SIZE, attention=False, head="mixture"),
        "pix2pix": UNet(2, size=SIZE),
    }
    for network in networks.values():
        set_weights(network)
    networks["folded"] = fold_norms(networks["mixture"])
    # Folding multiplies weights, so that they are no longer of few bits.
    networks["folded"].set_weights([rounded(w) for w in networks["folded"].get_weights()])
    for name, network in networks.items():
        write_generator(network, folder / f"{name}.keras")
    (folder / "mixture.tflite").write_bytes(convert(networks["mixture"]))

    expected = {}
    for path in sorted(folder.iterdir()):
        pictures = Painter.load(path).paint_canvases(sketches, palettes)
        expected[path.name] = pictures[:, ::2, ::2]

    discriminator = Discriminator(2, spectral_norm=True)
    set_weights(discriminator)
    discriminator.save(folder / "discriminator.keras")
    colors = sketches[..., None].repeat(3, axis=-1)
    judged = np.concatenate([colors, colors[:, ::-1]], axis=-1)
    expected["discriminator"] = discriminator(judged.astype("float32") / 127.5 - 1.0).numpy()
    return expected


def set_weights(network: keras.Model) -> None:
    """Gives every weight a value that matters: fresh norms would be the identity.

    Layers of the same name get the same weights in every network, and kernels have three levels.
    """
    for weight in network.weights:
        shape = weight.shape
        rng = np.random.default_rng(zlib.crc32(weight.path.partition("/")[2].encode()))
        if weight.name == "kernel":
            # More than the usual deviation: the pictures are vivid.
            values = rng.integers(-1, 2, shape) * (3.0 / np.prod(shape[:-1])) ** 0.5
        elif weight.name in ("gamma", "moving_variance"):
            values = rng.uniform(0.4, 1.0, shape)
        elif "seed" in weight.name:
            continue
        else:
            values = rng.normal(0.0, 0.2, shape)
        weight.assign(rounded(values))


def train_rounded() -> None:
    """Runs the training program, with a state that is rounded before each checkpoint."""
    from tf_deeppaint.checkpoints import Checkpoints

    save = Checkpoints.save

    def save_rounded(self):
        for owner in (
            "generator",
            "discriminator",
            "generator_optimizer",
            "discriminator_optimizer",
        ):
            bits = OPTIMIZER_BITS if owner.endswith("optimizer") else WEIGHT_BITS
            for variable in getattr(self.model, owner).variables:
                values = variable.numpy()
                if values.dtype == np.float32 and values.size > 1:
                    variable.assign(rounded(values, bits))
        self.model.pool.stored.assign(rounded(self.model.pool.stored.numpy()))
        save(self)

    Checkpoints.save = save_rounded
    runpy.run_module("tf_deeppaint.train", run_name="__main__", alter_sys=True)


def make_runs(folder: Path, datasets: Path) -> dict:
    """Trains runs of a few steps; returns the weights at the end of their continuations."""
    expected = {}
    script = [sys.executable, __file__, "--train"]
    for name, flags in RUNS.items():
        flags = [f"--data={datasets.name}/own", f"--run={folder.name}/{name}", *RUN_FLAGS, *flags]
        subprocess.run([*script, *flags, f"--steps={STEPS}"], cwd=folder.parent, check=True)
        run = folder / name
        for surplus in ("tensorboard", "samples"):
            shutil.rmtree(run / surplus)
        (run / "best.keras").unlink(missing_ok=True)
        kept = folder.parent / f"{name}.kept"
        shutil.copytree(run, kept)
        call("tf_deeppaint.train", *flags, f"--steps={2 * STEPS}", cwd=folder.parent)
        weights = keras.saving.load_model(run / "generator.keras").get_weights()
        flat = np.concatenate([np.ravel(w).astype("float32") for w in weights])
        expected[name] = flat[::EXPECTED_STRIDE]
        lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
        losses = [
            [line["l1"], line["generator_loss"]] for line in lines if "generator_loss" in line
        ]
        expected[f"{name}_losses"] = np.array(losses, np.float32)
        shutil.rmtree(run)
        kept.rename(run)
    return expected


def make_datasets(folder: Path) -> dict:
    """Builds shards of twelve dolls; returns what the old reader reads from them."""
    from tf_deeppaint import datasets

    expected = {}
    for name, flags in DATASETS.items():
        command = ("--source=dolls", "--count=12", "--seed=12", f"--size={SIZE}", *flags)
        call("tfrecords.build", *command, f"--output={folder.name}/{name}", cwd=folder.parent)
        for split in ("train", "test"):
            parts = datasets.first_records(folder / name, split, 12)
            for part, kind in zip(parts, ("sketches", "pictures", "palettes"), strict=True):
                expected[f"{name}_{split}_{kind}"] = np.array(hashlib.sha256(part).hexdigest())
    return expected


def make_palettes(work: Path) -> None:
    shutil.copy(OLD / "docs/pictures/reference.png", work)
    for name, flags in PALETTES.items():
        call("tf_deeppaint.palette", *flags, f"--output={name}.json", cwd=work)
        shutil.copy(work / f"{name}.json", TARGET)


def main() -> None:
    from tf_deeppaint import datasets

    if (OLD / "tf_deeppaint/networks").exists():
        sys.exit(f"{OLD}: not the old version; see the docstring")
    shutil.rmtree(TARGET, ignore_errors=True)
    TARGET.mkdir()
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        for name in ("models", "runs", "datasets"):
            (work / name).mkdir()
        expected = make_datasets(work / "datasets")
        sketches, _, palettes = datasets.first_records(work / "datasets/own", "train", 2)
        expected |= {"sketches": sketches, "palettes": palettes}
        expected |= make_models(work / "models", sketches, palettes)
        expected |= make_runs(work / "runs", work / "datasets")
        make_palettes(work)
        for name in ("models", "runs", "datasets"):
            pack(name, work / name)
    np.savez_compressed(TARGET / "expected.npz", **expected)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--train"]:
        del sys.argv[1]
        train_rounded()
    else:
        main()
