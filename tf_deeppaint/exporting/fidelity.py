"""Fidelity: how far the pictures of an exported network are from those of the network itself."""

import os
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tf_deeppaint.data import loading
from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.evaluation import metrics
from tf_deeppaint.exporting.artifacts import Artifact, network_painter, open_artifact, size_of
from tf_deeppaint.exporting.rounding import rounded_painter
from tf_deeppaint.images.canvas import fit_to_canvas
from tf_deeppaint.images.pixels import from_signed_unit_range
from tf_deeppaint.networks.base import PaintingNetwork
from tf_deeppaint.palette.extraction import extract_palette
from tf_deeppaint.utils.errors import DeepPaintError

# The bounds of a precision: for float32 the largest difference of values in [-1, 1], for all the
# smallest PSNR in dB, for int8 the largest mean CIEDE2000. Where two values of a pooling cell
# differ in their last bits only, rounding decides which one is the maximum, and a part of the
# picture depends on it: the bundled network in float32 differs by up to 4e-3 from itself in
# float64. So MAX_DIFFERENCE holds for the share NEARLY_ALL of the values; the PSNR bounds the rest:
# a picture with a wrong part does not reach 60 dB.
MAX_DIFFERENCE = 1e-3
NEARLY_ALL = 0.99
MIN_PSNR = {"float32": 60.0, "float16": 45.0, "dynamic_int8": 32.0, "full_int8": 32.0}
MAX_CIEDE2000 = {"dynamic_int8": 2.0, "full_int8": 2.0}
# By how many dB a file of eight bits may be below what eight bits leave of this very network (see
# `rounding`). The bounds above say what people would see; this one finds a file that paints well
# enough and yet lacks a part of its network. Ranges fixed beforehand cost up to 1 dB of networks of
# convolutions, and up to 7 of small ones with attention. No more is asked than of float16.
MAX_BELOW_ROUNDING = {"dynamic_int8": 3.0, "full_int8": 7.0}


class Fidelity(NamedTuple):
    """How far an artifact's pictures are from the network's.

    Attributes:
        pictures: Number of painted pictures.
        size: Side of their canvas in pixels.
        precision: See `Artifact`.
        largest, mean: The largest and the mean difference of values in [-1, 1].
        nearly_all: The quantile `NEARLY_ALL` of the differences.
        psnr: In dB, over all values; 100 at most.
        ciede2000: Mean over all pixels.
        milliseconds, network_milliseconds: Median time for a picture, of the artifact and of the
            network in Keras.
        bytes: Size of the artifact.
        rounded_psnr: In dB, of the network itself in eight bits, see `rounding`; None where the
            precision has more.
    """

    pictures: int
    size: int
    precision: str
    largest: float
    nearly_all: float
    mean: float
    psnr: float
    ciede2000: float
    milliseconds: float
    network_milliseconds: float
    bytes: int
    rounded_psnr: float | None = None


def measure(
    network: PaintingNetwork, artifact: Artifact, sketches: np.ndarray, palettes: np.ndarray
) -> Fidelity:
    """Paints the same canvases with network and artifact, and compares pictures and times.

    What is mixed of the artifact's weights, shade and ink must be the picture, too.

    Args:
        network: The network that was exported.
        artifact: The result.
        sketches: uint8 gray `(N, S, S)`, S being the side of the artifact's canvas.
        palettes: uint8 `(N, 4, 4, 3)`.
    """
    canvases = [(sketches[n : n + 1], palettes[n : n + 1]) for n in range(len(sketches))]
    expected, network_seconds = _paint_all(network_painter(network), canvases)
    painted, seconds = _paint_all(artifact.paint, canvases)
    rounded_psnr = None
    if artifact.precision in MAX_BELOW_ROUNDING:
        results = artifact.precision == "full_int8"
        rounded, _ = _paint_all(rounded_painter(network, sketches.shape[1], results), canvases)
        rounded_psnr = _psnr(rounded.astype(np.float64) - expected)
    pictures = [painted]
    if artifact.mix is not None:
        pictures.append(np.concatenate([artifact.mix(*canvas) for canvas in canvases]))
    difference = np.max([np.abs(p.astype(np.float64) - expected) for p in pictures], axis=0)
    truth = from_signed_unit_range(expected)
    colors = [metrics.ciede2000(from_signed_unit_range(picture), truth) for picture in pictures]
    return Fidelity(
        pictures=len(sketches),
        size=sketches.shape[1],
        precision=artifact.precision,
        largest=float(difference.max()),
        nearly_all=float(np.quantile(difference, NEARLY_ALL)),
        mean=float(difference.mean()),
        psnr=_psnr(difference),
        ciede2000=float(np.max([np.mean(values) for values in colors])),
        milliseconds=1000 * seconds,
        network_milliseconds=1000 * network_seconds,
        bytes=size_of(artifact.path),
        rounded_psnr=rounded_psnr,
    )


def _psnr(difference: np.ndarray) -> float:
    return float(metrics.to_psnr(np.mean(difference**2) / 4))  # [-1, 1] is 2 wide


def check_artifact(network: PaintingNetwork, path: str | os.PathLike) -> Fidelity:
    """Compares an artifact with its network on a few drawings.

    Raises:
        DeepPaintError: The pictures differ by more than the precision allows.
    """
    artifact = open_artifact(path)
    samples = drawn_samples(artifact.size or network.size, network.background)
    fidelity = measure(network, artifact, *samples)
    if violations := find_violations(fidelity):
        raise DeepPaintError(f"{path}: its pictures are not the network's: {'; '.join(violations)}")
    return fidelity


def find_violations(fidelity: Fidelity) -> list[str]:
    """The bounds of its precision that an artifact violates, in words; empty where it does not."""
    violations = []
    min_psnr, because = MIN_PSNR[fidelity.precision], ""
    if fidelity.rounded_psnr is not None:
        least = fidelity.rounded_psnr - MAX_BELOW_ROUNDING[fidelity.precision]
        min_psnr = max(min_psnr, min(least, MIN_PSNR["float16"]))
        because = f"; eight bits alone leave {fidelity.rounded_psnr:.1f} of this network"
    if fidelity.precision == "full_int8":
        because += "; dynamic_int8 keeps more"
    max_ciede2000 = MAX_CIEDE2000.get(fidelity.precision, np.inf)
    # Negated, so that NaN violates a bound.
    if fidelity.precision == "float32" and not fidelity.nearly_all <= MAX_DIFFERENCE:
        violations.append(f"a difference of {fidelity.nearly_all:.2g}, over {MAX_DIFFERENCE}")
    if not fidelity.psnr >= min_psnr:
        violations.append(f"a PSNR of {fidelity.psnr:.1f} dB, under {min_psnr:.3g}{because}")
    if not fidelity.ciede2000 <= max_ciede2000:
        violations.append(f"a CIEDE2000 of {fidelity.ciede2000:.2f}, over {max_ciede2000}")
    return violations


def describe(fidelity: Fidelity) -> list[tuple[str, str]]:
    """The measurements as rows of name and value."""
    return [
        ("pictures", f"{fidelity.pictures} of {fidelity.size} pixels"),
        ("largest difference", f"{fidelity.largest:.2g} of values in [-1, 1]"),
        (f"{NEARLY_ALL:.0%} of the values", f"within {fidelity.nearly_all:.2g}"),
        ("mean difference", f"{fidelity.mean:.2g}"),
        ("PSNR", f"{fidelity.psnr:.1f} dB"),
        *(
            [("PSNR eight bits leave", f"{fidelity.rounded_psnr:.1f} dB")]
            if fidelity.rounded_psnr is not None
            else []
        ),
        ("mean CIEDE2000", f"{fidelity.ciede2000:.3f}"),
        ("milliseconds a picture", f"{fidelity.milliseconds:.0f}"),
        ("the network in Keras", f"{fidelity.network_milliseconds:.0f} milliseconds"),
        ("size", f"{fidelity.bytes / 1e6:.1f} MB"),
    ]


def summarize(path: str | os.PathLike, fidelity: Fidelity) -> str:
    """One line about an artifact."""
    return (
        f"{path}: {fidelity.bytes / 1e6:.1f} MB, {fidelity.psnr:.1f} dB and CIEDE2000 "
        f"{fidelity.ciede2000:.3f} from the network, {fidelity.milliseconds:.0f} ms a picture"
    )


# === Pictures ===


def drawn_samples(size: int, background: str, count: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Draws dolls: sketches uint8 `(N, size, size)` and palettes uint8 `(N, 4, 4, 3)`."""
    source = Dolls(count)
    dolls = [source.load(example, size) for example in source.examples()]
    palettes = [extract_palette(doll.picture, background) for doll in dolls]
    return np.stack([doll.sketch for doll in dolls]), np.stack(palettes)


def stored_samples(
    directory: str | os.PathLike, split: str, size: int, background: str, count: int = 16
) -> tuple[np.ndarray, np.ndarray]:
    """Reads the first records of a data set; returns what `drawn_samples` does.

    Raises:
        DeepPaintError: See `loading.first_records`; or the data set has another palette rule.
    """
    rule = loading.open_datasets([directory])[0].background
    if rule != background:
        raise DeepPaintError(
            f"{directory}: built with background={rule}, but the model was trained with "
            f"{background}; build with --background={background}"
        )
    sketches, _, palettes = loading.first_records(directory, split, count)
    return np.stack([fit_to_canvas(sketch, size)[0] for sketch in sketches]), palettes


def _paint_all(paint: Callable, canvases: list) -> tuple[np.ndarray, float]:
    """The pictures of all canvases, and the median time of one in seconds."""
    paint(*canvases[0])  # the first run traces and allocates
    painted, seconds = [], []
    for sketch, palette in canvases:
        start = time.perf_counter()
        painted.append(paint(sketch, palette))
        seconds.append(time.perf_counter() - start)
    return np.concatenate(painted), float(np.median(seconds))
