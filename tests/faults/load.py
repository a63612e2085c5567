"""Sends requests from many clients at once to the studio and to an exported SavedModel.

    python -m tests.faults.load --seconds=120 --clients=64

A third of the requests are hostile. Every good request must be answered with a picture. No request
may stop the server, and its memory must not grow. The SavedModel must answer every hostile request
with INVALID_ARGUMENT.
"""

import argparse
import contextlib
import datetime
import os
import random
import re
import signal
import struct
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import grpc
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from experiments.benchmarks.studio_client import FILE, PATIENCE_S, StudioClient, color_data
from tests.faults import programs
from tests.helpers.stand_in import StandIn
from tf_deeppaint.data.sources.dolls.source import Dolls
from tf_deeppaint.images.decoding import decode_picture
from tf_deeppaint.images.encoding import encode_png
from tf_deeppaint.utils.errors import DeepPaintError

# Memory may differ by so much between the middle of the run and its end.
FLAT = 1.15


class Studio(StudioClient):
    """A studio as a process, and its visitors."""

    def __init__(self, *flags: str):
        self.process = programs.start("tf_deeppaint.studio", "--port=0", *flags)
        line = programs.wait_for(self.process, "The studio is open at ").splitlines()[-1]
        threading.Thread(target=self._drain, daemon=True).start()
        self.said: list[str] = []
        super().__init__(urlsplit(line.split(" at ")[1].split()[0]).netloc)

    def _drain(self) -> None:
        for line in self.process.stdout:
            self.said.append(line)

    def memory(self) -> int:
        """Bytes of memory the studio has."""
        return memory_of(self.process.pid)

    def close(self) -> int:
        """Ends the studio as a person does; its exit status."""
        print("".join(self.said[-15:]))
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)


class Load:
    """Clients that ask until they are told to stop, and what they were answered.

    Args:
        server: Whom they ask: something with `process`, `said`, `memory()` and `close()`.
        seed: Decides what.
    """

    def __init__(self, server, seed: int):
        self.server = server
        self.seed = seed
        self.stop = threading.Event()
        self.seconds: list[float] = []
        self.hostile = 0
        self.failures: list[str] = []
        self.memory: list[int] = []
        dolls = Dolls(4, seed=3)
        drawn = [dolls.load(drawing, 256) for drawing in dolls.examples()]
        self.sketches = [encode_png(one.sketch) for one in drawn]
        self.references = [encode_png(one.picture) for one in drawn]

    def ask(self, rng: random.Random) -> str:
        """Sends a good request; what was wrong with the answer, or nothing."""
        raise NotImplementedError

    def harm(self, rng: random.Random) -> str:
        """Sends a hostile request; what was wrong with the answer, or nothing."""
        raise NotImplementedError

    def work(self, number: int) -> None:
        """One client."""
        rng = random.Random(f"{self.seed}/{number}")
        while not self.stop.is_set():
            if rng.random() < 1 / 3:
                wrong = self.harm(rng)
                self.hostile += 1
            else:
                began = time.monotonic()
                wrong = self.ask(rng)
                if not wrong:
                    self.seconds.append(time.monotonic() - began)
            if wrong:
                self.failures.append(wrong)

    def run(self, seconds: float, clients: int) -> bool:
        """Asks for so long from so many places, and ends the server; whether all was well."""
        threads = [
            threading.Thread(target=self.work, args=(n,), daemon=True) for n in range(clients)
        ]
        for thread in threads:
            thread.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.server.process.poll() is None:
            time.sleep(1)
            self.memory.append(self.server.memory())
        self.stop.set()
        for thread in threads:
            thread.join(PATIENCE_S)
        is_alive = self.server.process.poll() is None
        status = self.server.close()
        for failure in self.failures[:3]:
            print(f"failed: {failure}")
        return bool(
            is_alive and not status and not self.failures and self.grown() < FLAT and self.seconds
        )

    def grown(self) -> float:
        """The most memory of the run's last quarter over that of the one before."""
        half = self.memory[len(self.memory) // 2 :]
        return max(half[len(half) // 2 :]) / max(half[: len(half) // 2])

    def cells(self) -> list[str]:
        """The column of the table."""
        times = sorted(self.seconds) or [float("nan")]
        found = [times[min(len(times) - 1, len(times) * share // 100)] for share in SHARES]
        half, last = self.memory[len(self.memory) // 2] >> 20, self.memory[-1] >> 20
        return [
            f"{len(self.seconds):,}",
            f"{len(self.failures)}",
            f"{self.hostile:,}",
            ", ".join(f"{s} %: {t:.1f} s" for s, t in zip(SHARES, found, strict=True)),
            f"{half} MiB, {last} MiB ({self.grown():.2f})",
            f"{sum('Traceback' in line for line in self.server.said)}",
        ]


SHARES = (50, 90, 95, 99, 100)
ROWS = (
    "good requests answered with a picture",
    "requests answered wrongly",
    "hostile requests",
    "time to the picture, share of the good ones within",
    "memory, halfway and at the end (last quarter over the one before)",
    "tracebacks in what it printed",
)


class StudioLoad(Load):
    """Clients of the studio; a hostile request only must not harm the others."""

    def __init__(self, seed: int):
        super().__init__(Studio(), seed)
        self.color = self.server.event("colors", "submit")

    def data(self, file: object, rng: random.Random) -> list:
        """What the page sends to color a sketch; each of some pages asks again and again."""
        return color_data(f"{rng.randrange(16):032x}", file)

    def ask(self, rng: random.Random) -> str:
        try:
            sketch = rng.choice(self.sketches)
            file = self.server.upload(sketch, "drawing.png")
            is_done, said = self.server.call(self.color, self.data(file, rng))
        except OSError as error:
            return repr(error)
        if not is_done:
            return said[-500:] or "no answer"
        return why_no_picture(self.server, said, sketch)

    def harm(self, rng: random.Random) -> str:
        picture = rng.choice(self.sketches)
        ways = (
            lambda: self.server.upload(picture[: rng.randrange(len(picture))], "cut.png"),
            lambda: self.server.upload(rng.randbytes(5000), "../../noise.png"),
            lambda: {"path": "/etc/passwd", "meta": FILE},
            lambda: {"path": rng.choice(("", "\0", "x" * 4000)), "meta": FILE},
            lambda: rng.choice((7, [], "x", {"composite": {"composite": 1}}, {"path": []})),
        )
        # A connection that is closed on a hostile request harms nobody.
        with contextlib.suppress(OSError):
            if rng.random() < 0.3:
                paths = ("/gradio_api/file=/etc/passwd", "/" + "a" * 9000, "/%00", "/../..")
                path = rng.choice(paths)
                self.server.ask(rng.choice(("GET", "POST", "PUT")), path, rng.randbytes(300))
                return ""
            data = self.data(rng.choice(ways)(), rng)
            at = rng.randrange(len(data))
            if rng.random() < 0.5:
                data[at] = rng.choice((None, [], {}, "x" * 9000, -1, 1e308, [[[]]]))
            self.server.call(rng.choice((self.color, self.color, -1, 9999)), data)
        return ""


def why_no_picture(server: StudioClient, said: str, sketch: bytes) -> str:
    """Why an answer leads to no picture of a sketch; empty where it does."""
    found = re.findall(r'"path": ?"([^"]+/painted\.png)"', said)
    if not found:
        return f"no picture: {said[-500:]}"
    status, data = server.ask("GET", f"/gradio_api/file={found[-1]}")
    if status != 200:
        return f"the picture: status {status}"
    try:
        painted, given = (decode_picture(each, "picture") for each in (data, sketch))
    except DeepPaintError as error:
        return str(error)
    return "" if painted.shape == given.shape else f"a picture of {painted.shape}"


class Served:
    """The bundled model as a SavedModel behind gRPC; `stand_in` says in whose place."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        output = Path(self.folder.name, "deeppaint", "1")
        programs.finish(programs.start("export.saved_model", f"--output={output}"))
        self.server = StandIn(output)
        self.process = self.server.process
        self.said: list[str] = []

    def memory(self) -> int:
        """Bytes of memory the server has."""
        return memory_of(self.process.pid)

    def close(self) -> int:
        """Ends the server; its exit status."""
        with self.server:
            pass
        self.folder.cleanup()
        return self.process.returncode


class ServedLoad(Load):
    """Clients of the exported signature."""

    def __init__(self, seed: int):
        super().__init__(Served(), seed)
        stub = prediction_service_pb2_grpc.PredictionServiceStub(self.server.server.channel)
        self.predict = stub.Predict

    def ask(self, rng: random.Random) -> str:
        sketch = rng.choice(self.sketches)
        try:
            found = self._predict([sketch], [rng.choice(self.references)])
        except grpc.RpcError as error:
            return f"{error.code()}: {error.details()}"
        (picture,) = found.outputs["image_bytes"].string_val
        painted, given = (decode_picture(data, "picture") for data in (picture, sketch))
        return "" if painted.shape == given.shape else f"a picture of {painted.shape}"

    def harm(self, rng: random.Random) -> str:
        good = rng.choice(self.sketches)
        huge = good[:16] + struct.pack(">II", 30_000, 30_000) + good[24:]
        ways = (good[: rng.randrange(1, len(good) - 12)], b"", rng.randbytes(5000), huge)
        inputs = [[good], [rng.choice(self.references)]]
        inputs[rng.randrange(2)] = rng.choice([[way] for way in ways] + [[], [good] * 65])
        try:
            self._predict(*inputs)
        except grpc.RpcError as error:
            is_told = error.code() is grpc.StatusCode.INVALID_ARGUMENT
            return "" if is_told else f"{error.code()}: {error.details()}"
        return "a hostile request was answered with a picture"

    def _predict(self, sketches: list[bytes], references: list[bytes]):
        request = predict_pb2.PredictRequest()
        request.model_spec.name = "deeppaint"
        for name, files in (("sketch_bytes", sketches), ("reference_bytes", references)):
            request.inputs[name].CopyFrom(tf.make_tensor_proto(files, tf.string))
        return self.predict(request, timeout=PATIENCE_S)


SERVERS = {"the studio": StudioLoad, "a SavedModel": ServedLoad}


def run(names: list[str], seconds: float, clients: int, seed: int) -> tuple[list[str], bool]:
    """Loads servers, one after the other; lines of Markdown, and whether all was well."""
    columns, is_well = [], True
    for name in names:
        load = SERVERS[name](seed)
        is_well &= load.run(seconds, clients)
        columns.append(load.cells())
    return [
        f"`make load`, {datetime.date.today().isoformat()}, {os.cpu_count()} cores, "
        f"{clients} clients, {seconds:.0f} seconds each:",
        "",
        f"| | {' | '.join(names)} |",
        f"|---|{'---|' * len(names)}",
        *(f"| {row} | {' | '.join(cells)} |" for row, *cells in zip(ROWS, *columns, strict=True)),
    ], is_well


def memory_of(pid: int) -> int:
    """Bytes of memory a process has."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, help="document whose table of figures is rewritten")
    parser.add_argument("--only", action="append", choices=SERVERS, help="may be repeated")
    chosen = parser.parse_args()
    names = chosen.only or list(SERVERS)
    lines, is_well = run(names, chosen.seconds, chosen.clients, chosen.seed)
    print("\n".join(["", *lines]))
    if chosen.report:
        from tests.hostile.figures import rewrite

        rewrite(chosen.report, "load", lines)
    sys.exit(not is_well)


if __name__ == "__main__":
    main()
