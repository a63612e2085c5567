"""Checks of model files from strangers, before Keras opens them.

A `.keras` file is a zip of `config.json`, which names classes that Keras would import and call,
`metadata.json`, and `model.weights.h5`. Each of the three can do harm: see SECURITY.md.
"""

import contextlib
import io
import json
import os
import re
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError, one_line

if TYPE_CHECKING:
    import h5py

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
MAX_BYTES = 4 * 2**30  # of a file on disk, and so of its contents, which are not compressed
MAX_CONFIG = 2**22  # bytes
IN_MEMORY = 2**26  # bytes of weights that are read into memory to be checked
# Objects in an HDF5 file, and levels in a config; the largest networks have some thousands.
MAX_OBJECTS, MAX_LEVELS = 100_000, 60
# Where classes may come from that a foreign config names.
_KINDS = "layers|initializers|regularizers|constraints|activations|dtype_policies"
_MODULE = re.compile(rf"keras(\.({_KINDS}))?|keras\.src\.({_KINDS}|models|ops)(\..+)?")
# Layers that hold a program, or that read or fetch whatever file they name.
_FORBIDDEN = {"Lambda", "__lambda__", "TFSMLayer", "StringLookup", "IntegerLookup"}
_FORBIDDEN |= {"TextVectorization", "Hashing", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"}


def read_config(path: str | os.PathLike) -> dict:
    """Checks a `.keras` file and returns its config; nothing of it is run or built.

    Raises:
        DeepPaintError: it is damaged, holds more than a model, would unpack to more than its size,
            or its weights lead out of the file.
    """
    with _wrap_errors(path), open_archive(path) as archive:
        size = archive.getinfo(WEIGHTS).file_size
        with archive.open(WEIGHTS) as weights:
            # Wherever HDF5 goes back, zip reads from the start, which takes its time.
            check_weights(io.BytesIO(weights.read()) if size <= IN_MEMORY else weights, size)
        return _parse(archive.read(CONFIG))


@contextlib.contextmanager
def _wrap_errors(path: str | os.PathLike) -> Iterator[None]:
    try:
        yield
    except DeepPaintError:
        raise
    # Zip and HDF5 raise whatever their parts raise: struct, key, runtime, memory errors and more.
    except Exception as error:
        reason = one_line(error)
        raise DeepPaintError(f"{path}: cannot be loaded as a Keras model ({reason})") from error


def open_archive(path: str | os.PathLike) -> zipfile.ZipFile:
    """Opens a `.keras` file whose list of contents is that of a model.

    Raises:
        DeepPaintError: it cannot be read, or is over 4 GiB.
        ValueError: it holds something else, or more than its size.
        zipfile.BadZipFile: it is no zip file.
    """
    if not files.is_file(path):
        raise DeepPaintError(f"{path}: does not exist", "missing")
    if (size := files.size(path)) > MAX_BYTES:
        raise DeepPaintError(f"{path}: over {MAX_BYTES >> 30} GiB", "too large")
    archive = zipfile.ZipFile(files.open_binary(path))
    items = archive.infolist()
    if sorted(item.filename for item in items) != sorted((CONFIG, METADATA, WEIGHTS)):
        raise ValueError(f"holds other files than {CONFIG}, {METADATA} and {WEIGHTS}")
    if sum(item.file_size for item in items) > size:
        raise ValueError("would unpack to more than its size")
    if max(archive.getinfo(name).file_size for name in (CONFIG, METADATA)) > MAX_CONFIG:
        raise ValueError(f"{CONFIG} or {METADATA} is too long")
    return archive


def check_foreign(path: str | os.PathLike) -> None:
    """Raises DeepPaintError unless a model of any architecture names layers of Keras alone.

    It is a `.keras` file, or one of HDF5 as older Keras wrote it. Keras goes by the suffix, and so
    does this: a file may be both.
    """
    import h5py

    with _wrap_errors(path):
        suffix = os.path.splitext(path)[1]
        if suffix == ".keras":
            _check_classes(read_config(path))
            return
        if suffix not in (".h5", ".hdf5"):
            raise ValueError("name a .keras, .h5 or .hdf5 file")
        with open(path, "rb") as file:
            check_weights(file, files.size(path))
            with h5py.File(file, "r") as stored:
                _check_classes(_parse(stored.attrs["model_config"]))


def check_weights(file: io.BufferedIOBase, size: int) -> None:
    """Checks that an HDF5 file of `size` bytes holds plain arrays of numbers, all in itself.

    Raises:
        ValueError: it has links out of itself, arrays that lie elsewhere or are longer than
            it, or more objects than any model.
        Exception: h5py's own, where it is damaged.
    """
    import h5py

    with h5py.File(file, "r") as stored:
        for dataset in _datasets(stored):
            plist = dataset.id.get_create_plist()
            if dataset.external or dataset.is_virtual or plist.get_nfilters():
                raise ValueError(f"its array {dataset.name} is not stored plainly")
            size -= dataset.nbytes
            if size < 0:
                raise ValueError("its arrays claim more numbers than the file holds")


def _datasets(stored: "h5py.File") -> Iterator["h5py.Dataset"]:
    import h5py

    waiting, seen = [stored["/"]], set()
    while waiting:
        group = waiting.pop()
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise ValueError(f"{name} in it is a link to elsewhere")
            item = group[name]
            address = h5py.h5o.get_info(item.id).addr
            if address in seen:  # a group may hold itself
                continue
            seen.add(address)
            if len(seen) > MAX_OBJECTS:
                raise ValueError("it holds more parts than any model")
            if isinstance(item, h5py.Group):
                waiting.append(item)
            elif isinstance(item, h5py.Dataset):
                yield item


def _parse(data: bytes | str) -> dict:
    if len(data) > MAX_CONFIG:
        raise ValueError(f"{CONFIG} is too long")
    config = json.loads(data)
    if not isinstance(config, dict):
        raise ValueError(f"{CONFIG} is no model's")
    return config


def _check_classes(config: object, level: int = 0) -> None:
    if level > MAX_LEVELS:
        raise ValueError(f"{CONFIG} is too deep")
    if isinstance(config, dict):
        name, module = config.get("class_name"), config.get("module")
        if name in _FORBIDDEN if isinstance(name, str) else name is not None:
            raise ValueError(f"holds a layer of kind {name}, which could run or read anything")
        if module is not None and not (isinstance(module, str) and _MODULE.fullmatch(module)):
            raise ValueError(f"wants {str(module)[:60]}, which is no part of Keras")
    for part in config.values() if isinstance(config, dict) else config:
        if isinstance(part, dict | list):
            _check_classes(part, level + 1)
