"""Many sketches: all painted as one by one, failures told of, and memory that does not grow."""

import json
import threading
import weakref
from concurrent.futures import Future

import numpy as np
import pytest

from tests.helpers.painters import FakeBackend, tiny_painter
from tf_deeppaint import Painter
from tf_deeppaint.images.encoding import write_picture
from tf_deeppaint.line_art.kinds import Kind
from tf_deeppaint.line_art.preparation import Prepared
from tf_deeppaint.painting import batch
from tf_deeppaint.painting.batch import BATCH, Failure, paint_jobs
from tf_deeppaint.painting.hints.hint import Hint
from tf_deeppaint.painting.inputs import read_sketch
from tf_deeppaint.painting.jobs import Job
from tf_deeppaint.palette.mixing import SLOTS
from tf_deeppaint.utils.errors import DeepPaintError


@pytest.fixture(name="rng")
def make_rng() -> np.random.Generator:
    return np.random.default_rng(2)


def flat(color=(250, 180, 60)) -> np.ndarray:
    return np.full((4, 4, 3), color, np.uint8)


def draw_sketches(folder, rng, count: int, bad: dict | None = None) -> list[Job]:
    """Sketches of many sizes, and files with other bytes in place of some."""
    jobs = []
    for number in range(count):
        path = folder / f"{number:03}.png"
        height, width = rng.integers(45, 90, 2)
        sketch = np.full((height, width), 255, np.uint8)
        sketch[height // 2, : width // 2] = sketch[: height // 2, width // 3] = 0
        write_picture(path, sketch)
        if number in (bad or {}):
            path.write_bytes(bad[number])
        jobs.append(Job(str(path), None, path.stem))
    return jobs


class Collected:
    """What `finish` was called with, by name."""

    def __init__(self):
        self.pictures: dict[str, np.ndarray] = {}
        self._lock = threading.Lock()

    def __call__(self, job: Job, painting) -> None:
        picture = painting.picture()
        with self._lock:
            assert job.name not in self.pictures
            self.pictures[job.name] = picture


@pytest.mark.parametrize("count", [0, 1, BATCH, BATCH + 1, 5 * BATCH + 3])
def test_each_job_is_painted_as_it_would_be_alone(tmp_path, rng, count):
    backend, done = FakeBackend(), Collected()
    jobs = draw_sketches(tmp_path, rng, count)
    colors = {job.name: rng.integers(0, 256, (4, 4, 3), dtype=np.uint8) for job in jobs}
    jobs = [job._replace(reference=job.name) for job in jobs]
    assert paint_jobs(Painter(backend), jobs, colors.__getitem__, done) == []
    assert backend.batches == [BATCH] * (count // BATCH) + [count % BATCH] * (count % BATCH > 0)
    assert sorted(done.pictures) == [job.name for job in jobs]
    for job in jobs:
        alone = Painter(FakeBackend()).paint(job.sketch, colors=colors[job.name])
        np.testing.assert_array_equal(done.pictures[job.name], alone)


@pytest.mark.parametrize("head", ["mixture", "rgb"])
def test_a_networks_batch_paints_as_it_paints_one_by_one(tmp_path, rng, head):
    """Within a level: sums are added up in another order."""
    painter, done = tiny_painter(head), Collected()
    jobs = draw_sketches(tmp_path, rng, BATCH + 3)
    palette = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
    assert paint_jobs(painter, jobs, lambda _: palette, done) == []
    for job in jobs:
        alone = painter.paint(job.sketch, colors=palette).astype(int)
        assert alone.std() > 5
        np.testing.assert_allclose(done.pictures[job.name], alone, atol=1)


def test_the_same_folder_gives_the_same_pictures(tmp_path, rng):
    jobs = draw_sketches(tmp_path, rng, 2 * BATCH)
    first, second = Collected(), Collected()
    for done in (first, second):
        paint_jobs(tiny_painter("mixture"), jobs, lambda _: flat(), done)
    for name, picture in first.pictures.items():
        np.testing.assert_array_equal(second.pictures[name], picture)


def test_sketches_are_cleaned_on_demand(tmp_path):
    gray = np.full((50, 60), 150, np.uint8)
    gray[20:23, 10:50] = 40
    write_picture(tmp_path / "scan.png", gray)
    jobs, done = [Job(str(tmp_path / "scan.png"), None, "scan")], Collected()
    paint_jobs(Painter(FakeBackend()), jobs, lambda _: flat(), done, clean=True)
    alone = Painter(FakeBackend()).paint(gray, colors=flat(), clean=True)
    np.testing.assert_array_equal(done.pictures["scan"], alone)
    assert (alone[0, 0] == 255).all()  # cleaned, the paper is white and the page


def test_what_was_done_to_a_page_is_told(tmp_path, rng):
    chalk = np.zeros((240, 200), np.uint8)
    chalk[20:22, 10:170] = chalk[20:180, 40:42] = 230
    jobs = draw_sketches(tmp_path, rng, 3)
    write_picture(jobs[1].sketch, chalk)
    notes = []
    paint_jobs(
        Painter(FakeBackend()),
        jobs,
        lambda _: flat(),
        Collected(),
        on_note=lambda job, note: notes.append((job.name, note)),
    )
    assert (jobs[1].name, "light lines on dark paper: inverted") in notes


# --- failures ------------------------------------------------------------------------------------


def test_bad_sketches_are_left_out_in_order_and_the_rest_is_done(tmp_path, rng):
    bad = {0: b"", 3: b"no picture", 9: b"\x89PNG\r\n\x1a\n", 20: b"GIF89a"}
    jobs, done, steps = draw_sketches(tmp_path, rng, 21, bad), Collected(), []
    jobs.append(Job(str(tmp_path / "gone.png"), None, "gone"))
    failures = paint_jobs(
        Painter(FakeBackend()), jobs, lambda _: flat(), done, on_progress=lambda *s: steps.append(s)
    )
    assert [failure.job for failure in failures] == [jobs[n] for n in (0, 3, 9, 20, 21)]
    assert all(isinstance(failure, Failure) for failure in failures)
    for failure in failures:
        assert failure.reason.startswith(failure.job.sketch) and "\n" not in failure.reason
    assert sorted(done.pictures) == [job.name for n, job in enumerate(jobs) if n not in (*bad, 21)]
    assert steps == [(n, 22) for n in range(1, 23)]


def test_only_failures(tmp_path, rng):
    jobs = draw_sketches(tmp_path, rng, 20, dict.fromkeys(range(20), b""))
    backend, done = FakeBackend(), Collected()
    failures = paint_jobs(Painter(backend), jobs, lambda _: flat(), done)
    assert [failure.job for failure in failures] == jobs
    assert not done.pictures and not backend.batches


def test_a_bad_reference_fails_its_own_jobs(tmp_path, rng):
    jobs = [
        job._replace(reference=str(n % 3)) for n, job in enumerate(draw_sketches(tmp_path, rng, 9))
    ]

    def palette_of(reference: str) -> np.ndarray:
        if reference == "1":
            raise DeepPaintError("1: not a picture")
        return flat()

    done = Collected()
    failures = paint_jobs(Painter(FakeBackend()), jobs, palette_of, done)
    assert failures == [Failure(job, "1: not a picture") for job in jobs[1::3]]
    assert len(done.pictures) == 6


def test_what_cannot_be_written_is_a_failure_too(tmp_path, rng):
    jobs, done = draw_sketches(tmp_path, rng, 20), Collected()

    def finish(job, painting) -> None:
        if job.name in ("002", "013"):
            raise DeepPaintError(f"{job.name}: disk full")
        done(job, painting)

    failures = paint_jobs(Painter(FakeBackend()), jobs, lambda _: flat(), finish)
    assert [failure.reason for failure in failures] == ["002: disk full", "013: disk full"]
    assert len(done.pictures) == 18


@pytest.mark.parametrize("where", ["palette_of", "finish"])
def test_a_mistake_in_the_program_is_not_taken_for_a_bad_file(tmp_path, rng, where):
    def mistake(*_):
        raise KeyError("a mistake")

    functions = {"palette_of": lambda _: flat(), "finish": Collected()} | {where: mistake}
    with pytest.raises(KeyError, match="a mistake"):
        paint_jobs(Painter(FakeBackend()), draw_sketches(tmp_path, rng, 20), **functions)


# --- memory --------------------------------------------------------------------------------------


class Hurried:
    """An executor at its worst for memory: all is read at once, nothing written until awaited."""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def submit(self, function, *arguments):
        if len(arguments) == 1:  # a job to be read
            future = Future()
            future.set_result(function(*arguments))
            return future
        return Awaited(function, arguments)


class Awaited:
    def __init__(self, function, arguments):
        self.call = function, arguments

    def result(self):
        function, arguments = self.call
        self.call = None
        return function(*arguments)


def test_memory_does_not_grow_with_the_number_of_sketches(monkeypatch, rng):
    """Neither sketches nor what the network says of them pile up."""
    alive = {"sketches": 0, "batches": 0}
    most = dict(alive)

    def count(kind: str, array: np.ndarray) -> None:
        def gone():
            alive[kind] -= 1

        alive[kind] += 1
        most[kind] = max(most[kind], alive[kind])
        weakref.finalize(array, gone)

    def read(path, clean, recolor, gap):
        sketch = np.full((40, 30), 255, np.uint8)
        count("sketches", sketch)
        return Prepared(sketch, Kind.SKETCH, "")

    class Counting(FakeBackend):
        def run(self, sketches, palettes):
            predictions = super().run(sketches, palettes)
            assert predictions[0].weights.shape == (32, 32, SLOTS)
            count("batches", predictions[0].mixture.ink.base)  # of which each painting has a view
            return predictions

    monkeypatch.setattr(batch, "is_large_file", lambda path: False)
    monkeypatch.setattr(batch, "read_sketch", read)
    monkeypatch.setattr(batch, "ThreadPoolExecutor", Hurried)
    jobs = [Job(f"{n}.png", None, str(n)) for n in range(30 * BATCH)]
    done = []
    paint_jobs(Painter(Counting()), jobs, lambda _: flat(), lambda job, _: done.append(job))
    assert done == jobs
    assert BATCH < most["sketches"] <= 5 * BATCH
    assert most["batches"] <= 3
    assert set(alive.values()) == {0}


def test_sketches_are_read_by_several_threads_while_the_network_works(tmp_path, rng, monkeypatch):
    """The next batch is read while this one is painted: here it must be, or this would hang."""
    jobs = draw_sketches(tmp_path, rng, 2 * BATCH)
    read, all_read = [], threading.Event()

    def reading(path, clean, recolor, gap):
        read.append(path)
        if len(set(read)) == len(jobs):
            all_read.set()
        return read_sketch(path, clean, recolor, gap)

    class Waiting(FakeBackend):
        def run(self, sketches, palettes):
            assert all_read.wait(60)
            return super().run(sketches, palettes)

    monkeypatch.setattr(batch, "read_sketch", reading)
    backend = Waiting()
    assert paint_jobs(Painter(backend), jobs, lambda _: flat(), Collected()) == []
    assert backend.batches == [BATCH, BATCH]


def test_hints_go_to_the_sketch_of_their_name_and_bad_ones_fail_alone(tmp_path, rng):
    jobs = draw_sketches(tmp_path, rng, 4)
    listed = {0: [(9, 3)], 2: [(9, 3), (500, 3)], 3: [(20, 20)]}
    for number, points in listed.items():
        hints = [{"x": x, "y": y, "color": "#0102fe"} for x, y in points]
        (tmp_path / f"{number}.json").write_text(json.dumps(hints))
        jobs[number] = jobs[number]._replace(hints=str(tmp_path / f"{number}.json"))
    black = np.zeros((60, 60), np.uint8)
    black[:, :3] = 255
    write_picture(jobs[3].sketch, black)
    painted = {}

    def finish(job: Job, painting) -> None:
        painted[job.name] = painting.hints

    failures = paint_jobs(Painter(FakeBackend()), jobs, lambda _: flat(), finish)
    assert painted == {"000": (Hint.dot(9, 3, "#0102fe"),), "001": ()}
    reasons = [failure.reason for failure in failures]
    assert len(reasons) == 2
    assert "2.json: 2. hint: the hint at x=500, y=3 lies beside" in reasons[0]
    assert "3.json: the hint at x=20, y=20 lies where no region is" in reasons[1]
