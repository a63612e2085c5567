"""The authors' weights: read from their PyTorch checkpoint, and put into a generator of ours.

Names and shapes are those of the generator in `ktaebum/AttentionedDeepPaint` on GitHub, whose
training saves `{"model_state": state dict, "optimizer": ..., "last_epoch": ...}`.
"""

import io
import os
import re
import warnings
import zipfile
from collections.abc import Mapping, Set
from types import ModuleType
from typing import Any

import numpy as np

from tf_deeppaint.networks.generator import Generator
from tf_deeppaint.utils import files
from tf_deeppaint.utils.commands import install_command
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.extras import import_extra

# The authors' checkpoints have 600 MB: weights and Adam's two moments.
MAX_BYTES = 4 * 2**30
# In older versions `weights_only` could be made to run code: CVE-2025-32434, CVE-2026-24747.
_MIN_TORCH = (2, 10)
_FORBIDDEN = re.compile(r"GLOBAL (\S+) (?:was not an allowed|whose module)")

_STEM_BIAS = "first_layer.0.bias"  # as long as the network is wide
# A network of width w has more than 10,000 w^2 weights; none is built of fewer numbers, since the
# width comes from the file.
_MIN_WEIGHTS = 10_000
# Parts of a weight's path in `Generator`, and what they are called in the authors' network.
_PUBLISHED = {
    "stem": "first_layer.0",
    "stem_norm": "first_layer.1",
    "down": "down_sampler",
    "gate": "gate_block.0",
    "gate_norm": "gate_block.1",
    "attention": "attentions",
    "up": "up_sampler",
    "head": "last_layer.1",
    # In a block
    "conv_1": "conv1",
    "norm_1": "norm1",
    "conv_2": "conv2",
    "norm_2": "norm2",
    "shortcut": "channel_map",
    # In an attention gate
    "from_skip": "Wx",
    "from_gate": "Wg",
    "out": "W.0",
    "norm": "W.1",
    # In a convolution or norm
    "kernel": "weight",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def load_state_dict(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """Reads the generator's tensors from a PyTorch checkpoint; no code in it is run.

    Args:
        path: A file of `torch.save`: the authors' checkpoint, or a state dict alone.

    Returns:
        The tensors by name, convolutions `(out, in, height, width)`; floats of any precision as
        float32.

    Raises:
        DeepPaintError: PyTorch is not installed or too old; the file is missing, over 4 GiB,
            damaged or no checkpoint, needs code to be run, or holds no state dict.
    """
    data = files.read_bytes(path, MAX_BYTES)
    torch = _import_torch()
    checkpoint = _unpack(torch, data, path)
    state = checkpoint.get("model_state", checkpoint) if isinstance(checkpoint, dict) else None
    if not isinstance(state, dict) or not all(map(torch.is_tensor, state.values())) or not state:
        raise DeepPaintError(
            f"{path}: holds no `model_state`; give a generator's checkpoint, deepunetG_*.pth.tar"
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
        DeepPaintError: A tensor is missing, surplus, of another shape, or not finite.
        ValueError: `size` is no multiple of 64.
    """
    prefix = "module." if all(name.startswith("module.") for name in state) else ""
    state = {
        name.removeprefix(prefix): values
        for name, values in state.items()
        if not name.endswith(".num_batches_tracked")
    }
    width = _width(state)
    generator = Generator(width or 2, size=size, background=background)
    weights = published_weights(generator)
    _check_names(weights.keys(), state.keys(), source)
    if not width:
        raise DeepPaintError(
            f"{source}: {_STEM_BIAS} has shape {state[_STEM_BIAS].shape}; an even width is needed, "
            "and tensors of a network as wide"
        )
    for name, weight in weights.items():
        weight.assign(_to_keras_order(name, state[name], weight.shape, source))
    return generator


# === Reading ===


def _import_torch() -> ModuleType:
    torch = import_extra("torch", "torch")
    if tuple(map(int, torch.__version__.split(".")[:2])) < _MIN_TORCH:
        raise DeepPaintError(
            f"PyTorch {torch.__version__} cannot read checkpoints safely: "
            f"run {install_command('torch')} --upgrade"
        )
    return torch


def _unpack(torch: ModuleType, data: bytes, path: str | os.PathLike) -> Any:
    """Loads plain types and tensors; PyTorch runs no code of the file."""
    try:
        if data.startswith(b"PK\3\4"):
            # PyTorch stores tensors as they are; compressed ones could fill any memory.
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                if sum(item.file_size for item in archive.infolist()) > len(data):
                    raise ValueError("compressed")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    # PyTorch raises pickle, zip, memory, struct, key errors and more.
    except Exception as error:
        # PyTorch's own message advises to switch the protection off.
        if forbidden := _FORBIDDEN.search(str(error)):
            raise DeepPaintError(
                f"{path}: needs {forbidden[1]} to be read, which could run code and is refused; "
                "a checkpoint of tensors is needed"
            ) from error
        raise DeepPaintError(
            f"{path}: not a PyTorch checkpoint, or a damaged one; get the file again"
        ) from error


def _to_arrays(state: dict, room: int, path: str | os.PathLike) -> dict[str, np.ndarray]:
    """Makes NumPy arrays of the tensors; together they are not larger than the file."""
    arrays = {}
    for name, tensor in state.items():
        try:
            # With a stride of 0 a few numbers have any shape.
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


# === Names and checks ===


def published_weights(generator: Generator) -> dict[str, Any]:
    """A generator's weights by the names of the authors' state dict."""
    weights = {}
    for weight in generator.weights:
        # "generator/down_0/conv_1/kernel": the number of a block is a part of its own.
        parts = re.sub("/(down|up|attention)_", r"/\1/", weight.path).split("/")[1:]
        weights[".".join(_PUBLISHED.get(part, part) for part in parts)] = weight
    return weights


def _width(state: Mapping[str, np.ndarray]) -> int:
    """The network's width; 0 for none, or where the tensors are too small for it."""
    shape = getattr(state.get(_STEM_BIAS), "shape", ())
    width = shape[0] if len(shape) == 1 and shape[0] % 2 == 0 else 0
    return width if _MIN_WEIGHTS * width**2 <= sum(map(np.size, state.values())) else 0


def _check_names(published: Set[str], names: Set[str], source: str | os.PathLike) -> None:
    for wrong, trouble in (
        (sorted(published - names), "lacks"),
        (sorted(names - published), "has, unlike the authors' generator,"),
    ):
        if wrong:
            more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
            raise DeepPaintError(
                f"{source}: {trouble} {wrong[0]}{more}; "
                "give a checkpoint of their last network, deepunetG_*.pth.tar"
            )


def _to_keras_order(
    name: str, values: np.ndarray, shape: tuple[int, ...], source: str | os.PathLike
) -> np.ndarray:
    """The values of a tensor for a weight of this shape.

    Raises:
        DeepPaintError: They are of another shape or type, or not finite.
    """
    if len(shape) == 4:
        height, width, inputs, outputs = shape
        shape = (outputs, inputs, height, width)
    if values.shape != shape or values.dtype.kind != "f":
        raise DeepPaintError(
            f"{source}: {name} is {values.dtype} {values.shape}; floats {shape} are needed"
        )
    if not np.isfinite(values).all():
        raise DeepPaintError(
            f"{source}: {name} holds values that are not finite; give an earlier checkpoint"
        )
    return values.transpose(2, 3, 1, 0) if values.ndim == 4 else values
