"""The authors' weights: read from their PyTorch checkpoint, and put into a generator of ours.

Names and shapes are those of the generator in `ktaebum/AttentionedDeepPaint` on GitHub, whose
training saves `{"model_state": state dict, "optimizer": ..., "last_epoch": ...}`.
"""

import io
import os
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from itertools import pairwise
from types import ModuleType
from typing import Any

import numpy as np

from tf_deeppaint.networks.generator import DOWN, UP, Generator
from tf_deeppaint.networks.normalization import BatchNormalization
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError

# Adam's moments make theirs three times the 200 MB of the weights.
MAX_BYTES = 4 * 2**30
STATE = "model_state"
# Before it, `weights_only` could be led to run code: CVE-2025-32434, CVE-2026-24747.
OLDEST_TORCH = (2, 10)
_WANTED = re.compile(r"GLOBAL (\S+) (?:was not an allowed|whose module)")

Shape = tuple[int, ...]


def load_state_dict(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """Reads the generator's tensors from a PyTorch checkpoint; no code in it is run.

    Args:
        path: What `torch.save` has written, in either of its formats: the authors' checkpoint, or
            a state dict alone.

    Returns:
        The tensors by name, convolutions `(out, in, height, width)`; floats of any precision as
        float32.

    Raises:
        DeepPaintError: PyTorch is not installed or too old; the file is missing, over 4 GiB,
            damaged or no checkpoint, wants to run code, or holds no state dict.
    """
    data = files.read_bytes(path, MAX_BYTES)
    torch = _import_torch()
    checkpoint = _unpack(torch, data, path)
    state = checkpoint.get(STATE, checkpoint) if isinstance(checkpoint, dict) else None
    if not isinstance(state, dict) or not all(map(torch.is_tensor, state.values())) or not state:
        raise DeepPaintError(
            f"{path}: holds no `{STATE}`; give a generator's checkpoint, deepunetG_*.pth.tar"
        )
    return _to_arrays(state, len(data), path)


def to_generator(
    state: Mapping[str, np.ndarray],
    size: int = 512,
    background: str = "drop",
    source: str | os.PathLike = "state dict",
) -> Generator:
    """Makes a generator of the authors' weights, as wide as their shapes say.

    Args:
        state: Arrays by published name, as `load_state_dict` returns them. The `module.` that
            `DataParallel` puts before every name is dropped, `num_batches_tracked` ignored.
        size: The generator's `size`; the authors trained at 512.
        background: Its `background`; the authors dropped rank 0.
        source: Named in errors.

    Raises:
        DeepPaintError: a tensor is missing, surplus, misshapen or not finite.
        ValueError: `size` is no multiple of 64.
    """
    state = _under_published_names(state)
    _check_names(state, source)
    width = _width(state, source)
    for name, shape in published_shapes(width).items():
        _check_values(name, state[name], shape, source)
    generator = Generator(width, size=size, background=background)
    for name, weight in _weights(generator):
        values = state[name]
        weight.assign(values.transpose(2, 3, 1, 0) if values.ndim == 4 else values)
    return generator


# === Reading ===


def _import_torch() -> ModuleType:
    try:
        import torch
    except ImportError as error:
        raise DeepPaintError(
            'reading a PyTorch checkpoint needs PyTorch: run pip install "tf-deeppaint[torch]"'
        ) from error
    if tuple(map(int, torch.__version__.split(".")[:2])) < OLDEST_TORCH:
        raise DeepPaintError(
            f"PyTorch {torch.__version__} cannot read checkpoints safely: "
            'run pip install --upgrade "tf-deeppaint[torch]"'
        )
    return torch


def _unpack(torch: ModuleType, data: bytes, path: str | os.PathLike) -> Any:
    """What `torch.save` has stored, of plain types and tensors."""
    try:
        _check_packing(data)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    # PyTorch raises whatever its parts raise: pickle, zip, memory, struct, key errors and more.
    except Exception as error:
        # Its own words advise to switch the protection off.
        if wanted := _WANTED.search(str(error)):
            raise DeepPaintError(
                f"{path}: needs {wanted[1]} to be read, which could run code and is refused; "
                "a checkpoint of tensors is needed"
            ) from error
        raise DeepPaintError(
            f"{path}: not a PyTorch checkpoint, or a damaged one; get the file again"
        ) from error


def _check_packing(data: bytes) -> None:
    """Raises ValueError for a zip file that would unpack to more than its size.

    PyTorch stores tensors as they are; what is compressed could fill any memory.
    """
    if data.startswith(b"PK\3\4"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(item.file_size for item in archive.infolist()) > len(data):
                raise ValueError("compressed")


def _to_arrays(state: dict, room: int, path: str | os.PathLike) -> dict[str, np.ndarray]:
    """NumPy arrays of the tensors, which may not take more bytes than the file has."""
    arrays = {}
    for name, tensor in state.items():
        try:
            # Repeated by a stride of 0, a few numbers pass for any shape.
            room -= tensor.nbytes
            if room < 0:
                raise ValueError("more numbers than the file holds")
            values = tensor.detach()
            arrays[str(name)] = (values.float() if values.is_floating_point() else values).numpy()
        except (RuntimeError, TypeError, ValueError) as error:
            raise DeepPaintError(
                f"{path}: {name} is not stored as a plain tensor; save it with its numbers"
            ) from error
    return arrays


# === Checking ===


def _under_published_names(state: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    prefix = "module." if all(name.startswith("module.") for name in state) else ""
    return {
        name.removeprefix(prefix): values
        for name, values in state.items()
        if not name.endswith(".num_batches_tracked")
    }


def _check_names(state: Mapping[str, np.ndarray], source: str | os.PathLike) -> None:
    published = published_shapes(2).keys()
    for names, trouble in (
        (sorted(published - state.keys()), "lacks"),
        (sorted(state.keys() - published), "has, unlike the authors' generator,"),
    ):
        if names:
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            raise DeepPaintError(
                f"{source}: {trouble} {names[0]}{more}; "
                "give a checkpoint of their last network, deepunetG_*.pth.tar"
            )


def _width(state: Mapping[str, np.ndarray], source: str | os.PathLike) -> int:
    name = "first_layer.0.bias"
    shape = state[name].shape
    if len(shape) != 1 or shape[0] < 2 or shape[0] % 2:
        raise DeepPaintError(f"{source}: {name} has shape {shape}; an even width is needed")
    return shape[0]


def _check_values(name: str, values: np.ndarray, shape: Shape, source: str | os.PathLike) -> None:
    if values.shape != shape or values.dtype.kind != "f":
        raise DeepPaintError(
            f"{source}: {name} is {values.dtype} {values.shape}; floats {shape} are needed"
        )
    if not np.isfinite(values).all():
        raise DeepPaintError(
            f"{source}: {name} holds values that are not finite; give an earlier checkpoint"
        )


# === Names ===


def published_shapes(width: int) -> dict[str, Shape]:
    """Names and shapes of the authors' state dict, but for `num_batches_tracked`.

    Args:
        width: Channels of the outermost level; the published network has 64.
    """
    down = [factor * width for factor in (1, *DOWN)]
    up = [factor * width for factor in (DOWN[-1], *UP)]
    deepest = down[-1]
    shapes = _conv("first_layer.0", 15, width, 3) | _norm("first_layer.1", width)
    for level, (before, after) in enumerate(pairwise(down)):
        shapes |= _block(f"down_sampler.{level}", before, before, after)
    shapes |= _conv("gate_block.0", deepest, deepest, 1) | _norm("gate_block.1", deepest)
    for stage, (before, after) in enumerate(pairwise(up)):
        shapes |= _attention(f"attentions.{stage}", before, deepest)
        shapes |= _block(f"up_sampler.{stage}", 2 * before, before, after)
    return shapes | _conv("last_layer.1", width, 3, 3)


def _conv(name: str, inputs: int, outputs: int, kernel: int, bias: bool = True) -> dict[str, Shape]:
    shapes = {f"{name}.weight": (outputs, inputs, kernel, kernel)}
    return shapes | {f"{name}.bias": (outputs,)} if bias else shapes


def _norm(name: str, channels: int) -> dict[str, Shape]:
    parts = ("weight", "bias", "running_mean", "running_var")
    return {f"{name}.{part}": (channels,) for part in parts}


def _block(name: str, inside: int, around: int, outputs: int) -> dict[str, Shape]:
    shapes = _conv(f"{name}.conv1", inside, outputs, 3) | _norm(f"{name}.norm1", outputs)
    shapes |= _conv(f"{name}.conv2", outputs, outputs, 3) | _norm(f"{name}.norm2", outputs)
    if around != outputs:
        shapes |= _conv(f"{name}.channel_map", around, outputs, 1, bias=False)
    return shapes


def _attention(name: str, channels: int, gate: int) -> dict[str, Shape]:
    inner = channels // 2
    return (
        _conv(f"{name}.W.0", channels, channels, 1)
        | _norm(f"{name}.W.1", channels)
        | _conv(f"{name}.Wx", channels, inner, 2, bias=False)
        | _conv(f"{name}.Wg", gate, inner, 1)
        | _conv(f"{name}.psi", inner, 1, 1)
    )


def _weights(generator: Generator) -> Iterator[tuple[str, Any]]:
    """All of a generator's weights, each with its published name."""
    for name, layer in _layers(generator):
        if isinstance(layer, BatchNormalization):
            yield f"{name}.weight", layer.gamma
            yield f"{name}.bias", layer.beta
            yield f"{name}.running_mean", layer.moving_mean
            yield f"{name}.running_var", layer.moving_variance
        else:
            yield f"{name}.weight", layer.kernel
            if layer.bias is not None:
                yield f"{name}.bias", layer.bias


def _layers(generator: Generator) -> Iterator[tuple[str, Any]]:
    """All of a generator's convolutions and norms, each with its published name."""
    yield from (("first_layer.0", generator.stem), ("first_layer.1", generator.stem_norm))
    yield from (("gate_block.0", generator.gate), ("gate_block.1", generator.gate_norm))
    yield "last_layer.1", generator.head
    for kind, blocks in (("down_sampler", generator.down), ("up_sampler", generator.up)):
        for number, block in enumerate(blocks):
            yield f"{kind}.{number}.conv1", block.conv_1
            yield f"{kind}.{number}.norm1", block.norm_1
            yield f"{kind}.{number}.conv2", block.conv_2
            yield f"{kind}.{number}.norm2", block.norm_2
            if block.shortcut is not None:
                yield f"{kind}.{number}.channel_map", block.shortcut
    for number, gate in enumerate(generator.attention):
        yield f"attentions.{number}.W.0", gate.out
        yield f"attentions.{number}.W.1", gate.norm
        yield f"attentions.{number}.Wx", gate.from_skip
        yield f"attentions.{number}.Wg", gate.from_gate
        yield f"attentions.{number}.psi", gate.psi
