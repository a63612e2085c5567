"""Checkpoints: the whole state comes back, and a damaged one costs only itself."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_deeppaint import DeepPaint, Discriminator
from tf_deeppaint.networks.unet import UNet
from tf_deeppaint.training import checkpoints as checkpoints_module
from tf_deeppaint.training.checkpoints import Checkpoints
from tf_deeppaint.training.optimizers import make_adam
from tf_deeppaint.utils import files
from tf_deeppaint.utils.errors import DeepPaintError


def make() -> DeepPaint:
    keras.utils.set_random_seed(1)
    model = DeepPaint(UNet(2, size=64, seed=5), Discriminator(2), pool_size=3)
    adam = (1e-3, "cosine", 100)
    model.compile(make_adam(*adam, ema=0.9), make_adam(*adam), run_eagerly=True)
    return model


def step(model: DeepPaint, number: int) -> None:
    rng = np.random.default_rng(number)
    shapes = {"sketch": (64, 64, 3), "palette": (4, 4, 3), "picture": (64, 64, 3)}
    batch = {key: rng.uniform(-1, 1, (2, *s)).astype("float32") for key, s in shapes.items()}
    model.train_step({key: tf.constant(value) for key, value in batch.items()})


def state(model: DeepPaint) -> list[np.ndarray]:
    """All that decides about the steps to come, and the averages."""
    owners = (model.generator, model.discriminator)
    optimizers = (model.generator_optimizer, model.discriminator_optimizer)
    variables = [v for owner in (*owners, *optimizers) for v in owner.variables]
    seeds = [dropout.seed_generator.state for dropout in model.generator.dropouts[:3]]
    rest = [model.pool.stored, model.pool.count, model.pool.random.state]
    counters = [model.steps, model.skipped, model.skipped_in_a_row]
    return [keras.ops.convert_to_numpy(v) for v in (*variables, *seeds, *rest, *counters)]


def assert_equal(model: DeepPaint, expected: list[np.ndarray]) -> None:
    for value, other in zip(state(model), expected, strict=True):
        np.testing.assert_array_equal(value, other)


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> tuple[str, list[list[np.ndarray]]]:
    """Checkpoints after steps 1 to 3, of which two are kept, and the states after each step."""
    folder, model = str(tmp_path_factory.mktemp("run") / "checkpoints"), make()
    checkpoints, states = Checkpoints(model, folder, keep=2), []
    for number in range(4):
        step(model, number)
        states.append(state(model))
        if number < 3:
            checkpoints.save()
    return folder, states


def test_a_fresh_run_begins_at_zero(tmp_path) -> None:
    model = make()
    before = state(model)
    assert Checkpoints(model, str(tmp_path), keep=2).restore() == 0
    assert_equal(model, before)


def test_the_latest_state_comes_back_and_the_next_step_is_the_same(saved) -> None:
    folder, states = saved
    model = make()
    assert Checkpoints(model, folder, keep=2).restore() == 3
    assert_equal(model, states[2])
    step(model, 3)
    assert_equal(model, states[3])


@pytest.fixture
def copy(saved, tmp_path):
    folder = tmp_path / "copy"
    folder.mkdir()
    for name in tf.io.gfile.listdir(saved[0]):
        tf.io.gfile.copy(f"{saved[0]}/{name}", str(folder / name))
    return folder


HARM = {
    "cut data": ("state-3.data-00000-of-00001", lambda data: data[: len(data) // 2]),
    "cut index": ("state-3.index", lambda data: data[: len(data) // 2]),
    "empty index": ("state-3.index", lambda data: b""),
    "flipped bits": ("state-3.data-00000-of-00001", lambda data: bytes(b ^ 255 for b in data)),
    "another file": ("state-3.index", lambda data: b"no index" * 50),
}


@pytest.mark.parametrize("harm", HARM)
def test_a_damaged_one_is_skipped_with_a_warning(saved, copy, harm, capsys) -> None:
    name, change = HARM[harm]
    path = copy / name
    path.write_bytes(change(path.read_bytes()))
    model = make()
    assert Checkpoints(model, str(copy), keep=2).restore() == 2
    assert_equal(model, saved[1][1])
    warning = capsys.readouterr().err
    assert warning.startswith("warning: ") and "state-3: damaged" in warning
    assert warning.count("\n") == 1


def test_a_missing_one_is_skipped(saved, copy, capsys) -> None:
    (copy / "state-3.index").unlink()
    model = make()
    assert Checkpoints(model, str(copy), keep=2).restore() == 2
    assert_equal(model, saved[1][1])


def test_where_none_can_be_read_the_way_out_is_told(copy, capsys) -> None:
    for path in copy.glob("state-*.index"):
        path.write_bytes(b"")
    with pytest.raises(DeepPaintError, match="no checkpoint can be read; begin anew with --fresh"):
        Checkpoints(make(), str(copy), keep=2).restore()
    capsys.readouterr()


def test_a_folder_that_cannot_be_written_is_told(tmp_path) -> None:
    model = make()
    checkpoints = Checkpoints(model, str(tmp_path / "checkpoints"), keep=2)
    (tmp_path / "checkpoints").rmdir() if (tmp_path / "checkpoints").exists() else None
    (tmp_path / "checkpoints").write_text("in the way")
    with pytest.raises(DeepPaintError, match="checkpoints: cannot be written"):
        checkpoints.save()


@pytest.mark.parametrize("keep", [1, 2])
def test_old_ones_stay_until_the_new_one_is_read_back(saved, copy, monkeypatch, keep) -> None:
    """A disk that loses the last bytes without an error."""
    model = make()
    checkpoints = Checkpoints(model, str(copy), keep=keep)
    checkpoints.restore()
    before = {path.name for path in copy.iterdir()}
    write = checkpoints.state.write

    def lose(path: str) -> None:
        write(path)
        data = copy / f"{path.rpartition('/')[2]}.data-00000-of-00001"
        data.write_bytes(data.read_bytes()[:-1000])

    step(model, 3)
    with monkeypatch.context() as patch:
        patch.setattr(checkpoints.state, "write", lose)
        with pytest.raises(DeepPaintError, match="copy: cannot be written"):
            checkpoints.save()
    assert before < {path.name for path in copy.iterdir()}
    assert Checkpoints(make(), str(copy), keep=keep).restore() == 3
    checkpoints.save()
    assert Checkpoints(make(), str(copy), keep=keep).restore() == 4


def test_whoever_lost_the_folder_writes_nothing(saved, copy, monkeypatch) -> None:
    def lose() -> None:
        raise DeepPaintError("no longer names this process")

    model = make()
    checkpoints = Checkpoints(model, str(copy), keep=1)
    checkpoints.restore()
    step(model, 3)
    before = sorted(path.name for path in copy.iterdir())
    monkeypatch.setattr(checkpoints_module.locks, "check", lose)
    with pytest.raises(DeepPaintError, match="no longer names"):
        checkpoints.save()
    assert sorted(path.name for path in copy.iterdir()) == before


def test_whoever_lost_the_folder_while_it_wrote_removes_nothing(saved, copy, monkeypatch) -> None:
    model = make()
    checkpoints = Checkpoints(model, str(copy), keep=1)
    checkpoints.restore()
    step(model, 3)
    read_back = checkpoints_module._read_back

    def lose() -> None:
        raise DeepPaintError("no longer names this process")

    def read(path: str) -> None:
        read_back(path)
        monkeypatch.setattr(checkpoints_module.locks, "check", lose)

    monkeypatch.setattr(checkpoints_module, "_read_back", read)
    with pytest.raises(DeepPaintError, match="no longer names"):
        checkpoints.save()
    assert {path.name.partition(".")[0] for path in copy.iterdir()} == {
        "state-2",
        "state-3",
        "state-4",
    }


def test_a_worker_that_is_not_the_chief_keeps_one_of_its_own(saved, copy, tmp_path) -> None:
    model = make()
    own = tmp_path / "own"
    checkpoints = Checkpoints(model, str(copy), keep=2, own_folder=str(own))
    before = sorted(path.name for path in copy.iterdir())
    (copy / "state-8.data-00000-of-00001").write_bytes(b"the chief's, half-written")
    assert checkpoints.restore() == 3
    for number in (3, 4):
        step(model, number)
        checkpoints.save()
    assert {path.name.partition(".")[0] for path in own.iterdir()} == {"state-5"}
    after = sorted(path.name for path in copy.iterdir())
    assert after == sorted([*before, "state-8.data-00000-of-00001"])


def test_of_an_old_one_the_index_goes_first(saved, copy, monkeypatch) -> None:
    """Killed in between, the rest does not count as a checkpoint."""
    model = make()
    checkpoints = Checkpoints(model, str(copy), keep=1)
    checkpoints.restore()
    step(model, 3)
    removed, remove = [], checkpoints_module.files.remove
    monkeypatch.setattr(
        checkpoints_module.files, "remove", lambda path: (removed.append(path), remove(path))
    )
    checkpoints.save()
    for number in (2, 3):
        names = [path.rpartition("/")[2] for path in removed if f"/state-{number}." in path]
        assert names[0] == f"state-{number}.index" and len(names) > 1


def test_one_that_lacks_a_part_of_the_state_is_skipped(saved, copy, capsys) -> None:
    model = make()
    for path in copy.glob("state-3.*"):
        path.unlink()
    part = tf.train.Checkpoint(generator=list(model.generator.variables))
    part.write(str(copy / "state-3"))
    assert Checkpoints(model, str(copy), keep=2).restore() == 2
    assert_equal(model, saved[1][1])
    assert "state-3: damaged" in capsys.readouterr().err


def test_the_state_of_a_step_is_written_once(saved, copy, monkeypatch) -> None:
    """At the end of a run it is there already: writing it in its place could lose it."""
    model = make()
    checkpoints = Checkpoints(model, str(copy), keep=1)
    checkpoints.restore()
    monkeypatch.setattr(checkpoints.state, "write", lambda path: pytest.fail("written again"))
    checkpoints.save()


def test_all_of_a_state_is_on_the_disk_before_it_is_read_back(saved, copy, monkeypatch) -> None:
    done = []
    sync, read_back = files.sync, checkpoints_module._read_back
    monkeypatch.setattr(files, "sync", lambda p: (done.append(p.rpartition("-")[2]), sync(p)))
    monkeypatch.setattr(
        checkpoints_module, "_read_back", lambda p: (done.append("read"), read_back(p))
    )
    model = make()
    checkpoints = Checkpoints(model, copy, keep=2)
    checkpoints.restore()
    step(model, 3)
    checkpoints.save()
    # The data's file is named "state-4.data-00000-of-00001".
    assert sorted(done[:-1]) == ["00001", "4.index"] and done[-1] == "read"


def test_what_killed_runs_left_is_removed_and_what_they_finished_is_kept(saved, copy) -> None:
    """Pieces of a checkpoint; and what TensorFlow's list says, which another program may keep."""
    (copy / "checkpoint").write_bytes(b"\xff no list")
    (copy / "state-9_temp").mkdir()
    (copy / "state-9_temp" / "part-00000-of-00001.data").write_bytes(b"half")
    (copy / "state-8.data-00000-of-00001").write_bytes(b"half")
    (copy / "notes.txt").write_bytes(b"")
    model = make()
    checkpoints = Checkpoints(model, str(copy), keep=2)
    assert checkpoints.restore() == 3
    stems = {path.name.partition(".")[0] for path in copy.iterdir()}
    assert stems == {"checkpoint", "notes", "state-2", "state-3"}
    step(model, 3)
    checkpoints.save()
    stems = {path.name.partition(".")[0] for path in copy.iterdir()}
    assert stems == {"checkpoint", "notes", "state-3", "state-4"}


def test_those_that_tensorflows_manager_wrote_are_read(saved, tmp_path) -> None:
    """As earlier versions did."""
    model = make()
    checkpoints = Checkpoints(model, saved[0], keep=2)
    checkpoints.restore()
    manager = tf.train.CheckpointManager(
        checkpoints.state, str(tmp_path), 2, checkpoint_name="state"
    )
    manager.save(checkpoint_number=3)
    other = make()
    assert Checkpoints(other, str(tmp_path), keep=2).restore() == 3
    assert_equal(other, saved[1][2])
