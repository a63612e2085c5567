"""The authors' weights: in our generator they paint what their network paints; bad files."""

import io
import os
import pickle
import sys
import types
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.helpers import published_network as published
from tests.helpers.programs import assert_refused, run
from tf_deeppaint import Generator
from tf_deeppaint.networks.model_files import load_generator
from tf_deeppaint.networks.torch_weights import (
    MAX_BYTES,
    load_state_dict,
    published_weights,
    to_generator,
)
from tf_deeppaint.painting.painter import Painter
from tf_deeppaint.utils.errors import DeepPaintError

WIDTH = 4
SIZE = 64


@pytest.fixture(scope="module")
def state() -> dict[str, np.ndarray]:
    """The authors' state dict at width 4 with random numbers; no test changes it."""
    return published.random_state(WIDTH, seed=1)


@pytest.fixture(scope="module")
def generator(state) -> Generator:
    return to_generator(state, SIZE, "white")


@pytest.fixture(scope="module")
def torch():
    reason = "PyTorch, an optional extra, writes the checkpoints of this test"
    return pytest.importorskip("torch", reason=reason)


def inputs(seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    shape = (2, SIZE, SIZE)
    return {
        "sketch": rng.uniform(-1, 1, (*shape, 3)),
        "histogram": rng.uniform(-1, 1, (*shape, 12)),
    }


def expected_of(state: dict, batch: dict) -> list[np.ndarray]:
    """The published network's picture and maps, `(N, H, W, C)`."""
    planes = {key: values.transpose(0, 3, 1, 2) for key, values in batch.items()}
    picture, maps = published.paint(state, planes["sketch"], planes["histogram"])
    return [values.transpose(0, 2, 3, 1) for values in (picture, *maps)]


# --- names, shapes and numbers ------------------------------------------------------------------


def test_the_imported_generator_paints_what_the_published_network_paints(state, generator) -> None:
    # In float64, because rounding can move a maximum to the next place.
    exact = Generator(WIDTH, size=SIZE, dtype="float64")
    exact.set_weights(generator.get_weights())
    batch = inputs()
    picture, maps = exact(batch, return_attention=True)
    expected, *expected_maps = expected_of(state, batch)
    # What is left is float32 rounding in the norms' scales and of the picture itself.
    np.testing.assert_allclose(picture, expected, rtol=0, atol=1e-6)
    for attention, expected_map in zip(maps, expected_maps, strict=True):
        np.testing.assert_allclose(attention, expected_map, rtol=0, atol=1e-6)
    # None of it is flat, so that a mistake anywhere would show.
    assert expected.std() > 0.05 and all(m.std() > 1e-3 for m in expected_maps)


def test_every_published_number_is_in_the_generator_once(state, generator) -> None:
    numbers = [v.ravel() for name, v in state.items() if not name.endswith("tracked")]
    ours = [weight.ravel() for weight in generator.get_weights()]
    np.testing.assert_array_equal(np.sort(np.concatenate(ours)), np.sort(np.concatenate(numbers)))


def test_the_options_are_the_generators_own(state, generator) -> None:
    assert (generator.width, generator.size, generator.background) == (WIDTH, SIZE, "white")
    published_way = to_generator(state)
    assert (published_way.size, published_way.background) == (512, "drop")


def published_shapes(width: int) -> dict[str, tuple[int, ...]]:
    """The shapes of a fresh generator's weights in PyTorch's order, by their published names."""
    weights = published_weights(Generator(width, size=SIZE)).items()
    shapes = {name: tuple(weight.shape) for name, weight in weights}
    order = (3, 2, 0, 1)
    return {
        name: tuple(shape[axis] for axis in order) if len(shape) == 4 else shape
        for name, shape in shapes.items()
    }


@pytest.mark.parametrize("width", [2, 4, 10])
def test_the_published_shapes_are_those_of_the_oracle(width: int) -> None:
    state = published.random_state(width).items()
    shapes = {name: values.shape for name, values in state if not name.endswith("tracked")}
    assert published_shapes(width) == shapes


def test_the_published_network_has_the_numbers_of_the_original_code() -> None:
    shapes = published_shapes(64)
    count = sum(int(np.prod(shape)) for shape in shapes.values())
    assert count == 48_573_641 + 23_680
    # 57 kernels, 45 with a bias, and 32 norms.
    assert len(shapes) == 57 + 45 + 4 * 32


def test_names_of_data_parallel_and_without_counters_are_the_same(state, generator) -> None:
    parallel = {f"module.{name}": values for name, values in state.items()}
    old = {name: values for name, values in state.items() if not name.endswith("tracked")}
    for other in (parallel, old):
        weights = to_generator(other, SIZE).get_weights()
        for weight, expected in zip(weights, generator.get_weights(), strict=True):
            np.testing.assert_array_equal(weight, expected)


NAME = "up_sampler.3.channel_map.weight"
HEAD = "last_layer.1.bias"
STEM = "first_layer.0.bias"
HEAD = "last_layer.1.bias"
STEM = "first_layer.0.bias"


def without(state: dict, *names: str) -> dict:
    return {name: values for name, values in state.items() if name not in names}


def with_value(state: dict, name: str, value: float) -> dict:
    values = state[name].copy()
    values.flat[-1] = value
    return state | {name: values}


MISTAKES = {
    "missing": (lambda s: without(s, NAME), f"lacks {NAME};"),
    "two missing": (lambda s: without(s, NAME, HEAD), f"lacks {HEAD} and 1 more;"),
    "no width": (lambda s: without(s, STEM), f"lacks {STEM};"),
    "all missing": (lambda s: {}, "lacks attentions.0.W.0.bias and 229 more;"),
    "surplus": (lambda s: s | {"extra.weight": np.ones(3)}, "extra.weight"),
    "module. on one": (lambda s: s | {f"module.{NAME}": s[NAME]}, f"module.{NAME}"),
    "transposed": (lambda s: s | {NAME: s[NAME].swapaxes(0, 1)}, f"{NAME} is"),
    "flat": (lambda s: s | {NAME: s[NAME].ravel()}, f"{NAME} is"),
    "integers": (lambda s: s | {NAME: s[NAME].astype(int)}, f"{NAME} is int64"),
    "NaN": (lambda s: with_value(s, NAME, np.nan), f"{NAME} holds"),
    "infinite": (lambda s: with_value(s, HEAD, -np.inf), f"{HEAD} holds"),
    "odd width": (lambda s: published.random_state(3), f"{STEM} has shape (3,);"),
    "no channel": (lambda s: s | {STEM: np.ones(0)}, f"{STEM} has shape (0,);"),
    "other width": (lambda s: s | {STEM: np.ones(2)}, "first_layer.0.weight is"),
    "greater width": (lambda s: s | {STEM: np.ones(6)}, f"{STEM} has shape (6,);"),
    "huge width": (lambda s: s | {STEM: np.ones(10**6)}, f"{STEM} has shape (1000000,);"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_wrong_tensor_is_named_in_one_line(state, mistake: str) -> None:
    change, words = MISTAKES[mistake]
    with pytest.raises(DeepPaintError) as caught:
        to_generator(change(state), SIZE, source="g.pth.tar")
    message = str(caught.value)
    assert message.startswith("g.pth.tar: ") and words in message and "\n" not in message


# --- files, without PyTorch ---------------------------------------------------------------------


def refused(path: Path, *words: str) -> None:
    """Asserts that a file is refused in one line that names it."""
    with pytest.raises(DeepPaintError) as caught:
        load_state_dict(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ") and "\n" not in message
    for word in words:
        assert word in message


def test_a_missing_file_a_folder_and_a_huge_file_are_refused(tmp_path) -> None:
    refused(tmp_path / "none.pth.tar", "does not exist")
    refused(tmp_path, "is not a file")
    with (tmp_path / "huge.pth.tar").open("wb") as file:
        file.truncate(MAX_BYTES + 1)
    refused(tmp_path / "huge.pth.tar", "over 4096 MiB")


def test_without_pytorch_the_way_to_install_it_is_said(tmp_path, monkeypatch) -> None:
    (tmp_path / "g.pth.tar").write_bytes(b"anything")
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(DeepPaintError, match=r'pip install -e "\.\[torch\]"'):
        load_state_dict(tmp_path / "g.pth.tar")


@pytest.mark.parametrize("version", ["1.13.1", "2.5.1+cu121", "2.9.1"])
def test_a_pytorch_that_can_be_led_to_run_code_is_refused(tmp_path, monkeypatch, version) -> None:
    (tmp_path / "g.pth.tar").write_bytes(b"anything")
    monkeypatch.setitem(sys.modules, "torch", types.SimpleNamespace(__version__=version))
    with pytest.raises(DeepPaintError, match=rf"^PyTorch {version.replace('+', '.')} .*--upgrade"):
        load_state_dict(tmp_path / "g.pth.tar")


@pytest.mark.slow
def test_the_program_refuses_in_one_line_and_writes_nothing(tmp_path) -> None:
    program, checkpoint = "tf_deeppaint.import_torch", f"--checkpoint={tmp_path / 'none.pth.tar'}"
    output = f"--output={tmp_path / 'out' / 'g.keras'}"
    assert_refused(run(program, checkpoint, output), "none.pth.tar: does not exist")
    assert_refused(run(program, checkpoint, output, "--size=100"), "size", "multiple of 64")
    assert_refused(run(program, checkpoint, f"--output={tmp_path}/g.h5"), "g.h5", ".keras")
    assert_refused(run(program, checkpoint, "--output=gs://b/g.keras"), "gs://b", "this machine")
    assert not list(tmp_path.iterdir())


# --- files, with PyTorch ------------------------------------------------------------------------


def checkpoint_of(torch, state: dict) -> dict:
    """What the authors' training saves: the weights, Adam's state and the epoch."""
    tensors = {name: torch.tensor(values) for name, values in state.items()}
    # As Adam writes it. `torch.optim` itself may import Triton, which crashes beside TensorFlow.
    moments = {"step": 1, "exp_avg": torch.ones(3), "exp_avg_sq": torch.ones(3)}
    group = {"lr": 2e-4, "betas": (0.5, 0.999), "eps": 1e-8, "weight_decay": 0, "params": [0]}
    adam = {"state": {0: moments}, "param_groups": [group]}
    return {"model_state": tensors, "last_epoch": 30, "optimizer": adam}


FORMATS = {"zip": True, "legacy": False}


@pytest.fixture(scope="module", params=FORMATS)
def checkpoint(request, torch, state, tmp_path_factory) -> Path:
    """A checkpoint in each of PyTorch's formats: since 1.6 a zip file, before a row of pickles."""
    path = tmp_path_factory.mktemp(request.param) / "deepunetG_030.pth.tar"
    format_flag = {"_use_new_zipfile_serialization": FORMATS[request.param]}
    torch.save(checkpoint_of(torch, state), path, **format_flag)
    return path


def test_the_tensors_of_a_checkpoint_arrive(state, checkpoint) -> None:
    loaded = load_state_dict(str(checkpoint))
    assert loaded.keys() == state.keys()
    for name, values in state.items():
        assert loaded[name].dtype == values.dtype
        np.testing.assert_array_equal(loaded[name], values)


def test_the_program_makes_a_generator_that_can_be_painted_with(
    state, generator, checkpoint, tmp_path
) -> None:
    output = tmp_path / "made" / "model.keras"
    arguments = (f"--checkpoint={checkpoint}", f"--output={output}", f"--size={SIZE}")
    done = run("tf_deeppaint.import_torch", *arguments, "--background=white")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"imported: {output}, width {WIDTH}\n"
    assert [path.name for path in output.parent.iterdir()] == ["model.keras"]
    painter, loaded = Painter.load(output), load_generator(output)
    assert (painter.size, painter.background) == (SIZE, "white")
    for weight, expected in zip(loaded.get_weights(), generator.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, expected)


def test_a_state_dict_alone_and_other_precisions_are_read(torch, state, tmp_path) -> None:
    path = tmp_path / "g.pth"
    for precision in (torch.float64, torch.float32, torch.float16, torch.bfloat16):
        tensors = {
            name: torch.nn.Parameter(torch.tensor(values).to(precision))
            for name, values in without(state, "gate_block.1.num_batches_tracked").items()
        }
        torch.save(tensors, path)
        values = load_state_dict(path)[NAME]
        assert values.dtype == np.float32
        np.testing.assert_allclose(values, state[NAME], rtol=0.0, atol=5e-3)


class Hostile:
    """Runs a shell command when unpickled."""

    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch '{self.mark}'",)


class Tensor:
    """Stands in for a tensor of PyTorch; `repeats` as a stride of 0 has it."""

    def __init__(self, values: np.ndarray, repeats: int = 1):
        self.values, self.nbytes = values, values.nbytes * repeats

    def detach(self) -> "Tensor":
        return self

    def is_floating_point(self) -> bool:
        return self.values.dtype.kind == "f"

    def float(self) -> "Tensor":
        return Tensor(self.values.astype(np.float32))

    def numpy(self) -> np.ndarray:
        return self.values


class PlainUnpickler(pickle.Unpickler):
    def find_class(self, module, name):
        raise pickle.UnpicklingError(
            f"Unsupported global: GLOBAL {module}.{name} was not an allowed global by default"
        )


class StandIn(types.ModuleType):
    """Stands in for PyTorch: tensors are tuples of type, shape, repeats and bytes in a pickle."""

    __version__ = "2.10.0+cpu"

    def is_tensor(self, value) -> bool:
        return isinstance(value, Tensor)

    def load(self, file, map_location, weights_only):
        unpickler = (PlainUnpickler if weights_only else pickle.Unpickler)(file)
        stored = unpickler.load()
        return {"model_state": {name: self.make(*value) for name, value in stored.items()}}

    def make(self, kind: str, shape: tuple, repeats: int, data: bytes) -> Tensor:
        return Tensor(np.frombuffer(data, kind).reshape(shape), repeats)


def write_plain(path: Path, repeats: int = 1, **arrays: np.ndarray) -> Path:
    """A checkpoint as `StandIn` reads it."""
    kinds = {name: (a.dtype.str, a.shape, repeats, a.tobytes()) for name, a in arrays.items()}
    path.write_bytes(pickle.dumps(kinds))
    return path


@pytest.fixture(name="stand_in")
def put_in_the_place_of_pytorch(monkeypatch) -> StandIn:
    monkeypatch.setitem(sys.modules, "torch", StandIn("torch"))


def test_a_checkpoint_is_read_without_pytorch_at_hand(stand_in, tmp_path) -> None:
    """What is ours of the reading, where the optional extra is not installed."""
    path, mark = tmp_path / "g.pth.tar", tmp_path / "was here"
    arrays = {"whole": np.arange(6, dtype="f8").reshape(2, 3), "count": np.array(7)}
    read = load_state_dict(write_plain(path, **arrays))
    assert read["whole"].dtype == np.float32 and read["count"].dtype == np.int64
    assert all(np.array_equal(read[name], values) for name, values in arrays.items())
    refused(write_plain(path, 10**6, **arrays), "whole is not stored as a plain tensor")
    path.write_bytes(pickle.dumps(Hostile(mark), protocol=2))
    refused(path, "needs posix.system to be read")
    assert not mark.exists()


def test_a_compressed_checkpoint_is_refused_without_pytorch_at_hand(
    stand_in, tmp_path, monkeypatch
) -> None:
    monkeypatch.setattr(StandIn, "load", lambda *_, **__: {"w": Tensor(np.ones(3))})
    for how, is_read in ((zipfile.ZIP_STORED, True), (zipfile.ZIP_DEFLATED, False)):
        path = tmp_path / f"{how}.pth.tar"
        with zipfile.ZipFile(path, "w", how) as archive:
            archive.writestr("archive/data/0", bytes(10**6))
        if is_read:
            assert list(load_state_dict(path)) == ["w"]
        else:
            refused(path, "not a PyTorch checkpoint, or a damaged one")


@pytest.mark.parametrize("zipped", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("place", ["model_state", "optimizer", "all"])
def test_a_checkpoint_that_brings_code_is_refused_and_not_run(
    torch, tmp_path, monkeypatch, zipped: bool, place: str
) -> None:
    mark, path = tmp_path / "was here", tmp_path / "g.pth.tar"
    content = {"model_state": {"w": torch.ones(3)}, place: Hostile(mark)}
    content = content[place] if place == "all" else content
    torch.save(content, path, _use_new_zipfile_serialization=zipped)
    # An environment that switches PyTorch's protection off must not switch off ours.
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    refused(path, "needs posix.system to be read")
    assert not mark.exists()
    # The payload does work: it is the reader that holds it back.
    torch.load(path, weights_only=False)
    assert mark.exists()


def test_a_bare_pickle_that_brings_code_is_refused_and_not_run(torch, tmp_path) -> None:
    mark, path = tmp_path / "was here", tmp_path / "g.pth.tar"
    path.write_bytes(pickle.dumps(Hostile(mark), protocol=2))
    refused(path)
    assert not mark.exists()


def test_a_file_cut_short_is_refused(checkpoint, tmp_path) -> None:
    data = checkpoint.read_bytes()
    for share in (0.001, 0.1, 0.5, 0.99):
        path = tmp_path / f"{share}.pth.tar"
        path.write_bytes(data[: int(share * len(data))])
        refused(path, "damaged")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 1000,
        bytes(range(256)) * 40,
        b"PK\3\4" + b"\0" * 100,
        b"\x80\x02}q\0.",
        b"<html>not found</html>",
        np.random.default_rng(0).bytes(10_000),
    ],
    ids=["empty", "zeros", "bytes", "zip", "pickle", "html", "random"],
)
def test_what_is_no_checkpoint_is_refused(torch, tmp_path, content: bytes) -> None:
    (tmp_path / "g.pth.tar").write_bytes(content)
    refused(tmp_path / "g.pth.tar", "damaged")


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"last_epoch": 30},
        {"model_state": {}},
        {"model_state": None},
        {"model_state": {"w": 1.0}},
        [1, 2],
        3,
    ],
    ids=str,
)
def test_a_checkpoint_without_a_state_dict_is_refused(torch, tmp_path, content) -> None:
    torch.save(content, tmp_path / "g.pth.tar")
    refused(tmp_path / "g.pth.tar", "holds no `model_state`")


def test_tensors_that_pretend_to_be_larger_or_have_no_numbers_are_refused(torch, tmp_path) -> None:
    path = tmp_path / "g.pth.tar"
    strange = {
        "repeated": torch.ones(1).expand(10**5, 10**5),
        "sparse": torch.eye(3).to_sparse(),
        "meta": torch.ones(3, device="meta"),
    }
    for name, tensor in strange.items():
        torch.save({"model_state": {name: tensor}}, path)
        refused(path, f"{name} is not stored as a plain tensor")


def test_a_compressed_checkpoint_is_refused_before_it_is_unpacked(torch, tmp_path) -> None:
    plain, packed = io.BytesIO(), tmp_path / "packed.pth.tar"
    torch.save({"model_state": {"w": torch.zeros(10**6)}}, plain)
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as to:
        for item in source.namelist():
            to.writestr(item, source.read(item))
    assert packed.stat().st_size < 50_000
    refused(packed, "damaged")


def test_a_script_archive_is_refused_without_a_warning(torch, tmp_path, recwarn) -> None:
    script = torch.jit.script(torch.nn.Linear(2, 2))
    script.save(str(tmp_path / "script.pth.tar"))
    recwarn.clear()
    refused(tmp_path / "script.pth.tar", "damaged")
    assert not recwarn.list


def test_another_networks_checkpoint_is_refused_by_the_program(torch, tmp_path) -> None:
    path = tmp_path / "deepunetD_030.pth.tar"
    torch.save({"model_state": torch.nn.Conv2d(6, 4, 4).state_dict()}, path)
    arguments = (f"--checkpoint={path}", f"--output={tmp_path / 'out' / 'g.keras'}")
    assert_refused(run("tf_deeppaint.import_torch", *arguments), str(path), "lacks", "deepunetG")
    assert [found.name for found in tmp_path.iterdir()] == [path.name]
