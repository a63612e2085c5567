"""Asks the studio for pictures from many places at once, a third of the requests hostile.

    python tests/faults/load.py --seconds=120 --clients=64

Every good request must be answered with a picture; no request may take the studio down, and its
memory must not grow while it goes on.
"""

import argparse
import datetime
import http.client
import json
import os
import random
import secrets
import signal
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import programs

from tf_deeppaint import images
from tf_deeppaint.sources.dolls import Dolls

PATIENCE_S = 120
# Memory may differ by so much between the middle of the run and its end.
FLAT = 1.15


class Studio:
    """A studio as a process.

    Attributes:
        address: Host and port.
        config: What the page is told of its events.
    """

    def __init__(self, *flags: str):
        self.process = programs.start("tf_deeppaint.studio", "--port=0", *flags)
        line = programs.wait_for(self.process, "The studio is open at ").splitlines()[-1]
        self.address = urlsplit(line.split(" at ")[1].split()[0]).netloc
        threading.Thread(target=self._drain, daemon=True).start()
        self.said: list[str] = []
        _, body = self.ask("GET", "/config")
        self.config = json.loads(body)

    def _drain(self) -> None:
        for line in self.process.stdout:
            self.said.append(line)

    def ask(
        self, method: str, path: str, body: bytes | None = None, kind: str = "application/json"
    ) -> tuple[int, bytes]:
        """Status and body of the answer to a request."""
        connection = http.client.HTTPConnection(self.address, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body, {"Content-Type": kind} if body else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def event(self, element: str, name: str) -> int:
        """The number of the event of an element of the page."""
        found = {c["props"].get("elem_id"): c["id"] for c in self.config["components"]}
        target = [found[element], name]
        return next(d["id"] for d in self.config["dependencies"] if target in d["targets"])

    def upload(self, data: bytes, name: str) -> dict:
        """Puts a file on the page; what the page sends of it afterwards."""
        mark = secrets.token_hex(8)
        head = f'--{mark}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
        body = head.encode() + b"Content-Type: image/png\r\n\r\n" + data
        body += f"\r\n--{mark}--\r\n".encode()
        kind = f"multipart/form-data; boundary={mark}"
        status, found = self.ask("POST", "/gradio_api/upload", body, kind)
        if status != 200:
            raise OSError(f"upload: {status}")
        return {"path": json.loads(found)[0], "orig_name": name, "meta": _FILE}

    def call(self, event: int, data: list) -> tuple[bool, str]:
        """Runs an event as the page does; whether it succeeded, and the last it said."""
        session = secrets.token_hex(8)
        body = json.dumps({"data": data, "fn_index": event, "session_hash": session}).encode()
        status, found = self.ask("POST", "/gradio_api/queue/join", body)
        if status != 200:
            return False, f"join: {status} {found[:200]!r}"
        status, found = self.ask("GET", f"/gradio_api/queue/data?session_hash={session}")
        lines = [line for line in found.decode().splitlines() if "process_completed" in line]
        return '"success":true' in (lines or [""])[-1].replace(" ", ""), found.decode()[-500:]

    def memory(self) -> int:
        """Bytes of memory the studio has."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def close(self) -> int:
        """Ends the studio as a person does; its exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=60)


_FILE = {"_type": "gradio.FileData"}


class Load:
    """Clients that ask until they are told to stop, and what they were answered.

    Args:
        studio: Whom they ask.
        seed: Decides what.
    """

    def __init__(self, studio: Studio, seed: int):
        self.studio = studio
        self.seed = seed
        self.stop = threading.Event()
        self.seconds: list[float] = []
        self.hostile = 0
        self.failures: list[str] = []
        dolls = Dolls(4, seed=3)
        drawn = [dolls.load(drawing, 256) for drawing in dolls.drawings()]
        self.sketches = [images.encode_png(one.sketch) for one in drawn]
        self.codes = [["#c0392b", "#f4c7a1", "#3b5dc9", "#2a9d9d"]] * 4
        self.colour = studio.event("colour", "click")

    def work(self, number: int) -> None:
        """One client."""
        rng = random.Random(f"{self.seed}/{number}")
        while not self.stop.is_set():
            if rng.random() < 1 / 3:
                self._harm(rng)
                self.hostile += 1
                continue
            began = time.monotonic()
            try:
                file = self.studio.upload(rng.choice(self.sketches), "drawing.png")
                data = ["file", file, None, False, self.codes, "original", 0]
                is_done, said = self.studio.call(self.colour, data)
            except OSError as error:
                is_done, said = False, repr(error)
            if is_done and ".png" in said:
                self.seconds.append(time.monotonic() - began)
            else:
                self.failures.append(said)

    def _harm(self, rng: random.Random) -> None:
        picture = rng.choice(self.sketches)
        ways = (
            lambda: self.studio.upload(picture[: rng.randrange(len(picture))], "cut.png"),
            lambda: self.studio.upload(rng.randbytes(5000), "../../noise.png"),
            lambda: {"path": "/etc/passwd", "meta": _FILE},
            lambda: {"path": rng.choice(("", "\0", "x" * 4000)), "meta": _FILE},
            lambda: rng.choice((7, [], "x", {"composite": {"composite": 1}}, {"path": []})),
        )
        try:
            if rng.random() < 0.3:
                paths = ("/gradio_api/file=/etc/passwd", "/" + "a" * 9000, "/%00", "/../..")
                path = rng.choice(paths)
                self.studio.ask(rng.choice(("GET", "POST", "PUT")), path, rng.randbytes(300))
                return
            data = ["file", rng.choice(ways)(), None, False, self.codes, "original", 0]
            at = rng.randrange(len(data))
            if rng.random() < 0.5:
                data[at] = rng.choice((None, [], {}, "x" * 9000, -1, 1e308, [[[]]]))
            self.studio.call(rng.choice((self.colour, self.colour, -1, 9999)), data)
        except OSError:
            pass  # a connection that is closed on a hostile request harms nobody


def run(seconds: float, clients: int, seed: int) -> tuple[list[str], bool]:
    """Loads a studio; lines of Markdown, and whether all was well."""
    studio = Studio()
    load = Load(studio, seed)
    threads = [threading.Thread(target=load.work, args=(n,), daemon=True) for n in range(clients)]
    for thread in threads:
        thread.start()
    memory = []
    end = time.monotonic() + seconds
    while time.monotonic() < end and studio.process.poll() is None:
        time.sleep(1)
        memory.append(studio.memory())
    load.stop.set()
    for thread in threads:
        thread.join(PATIENCE_S)
    alive = studio.process.poll() is None
    status = studio.close() if alive else studio.process.returncode
    half = memory[len(memory) // 2 :]
    grown = max(half[len(half) // 2 :]) / max(half[: len(half) // 2])
    tracebacks = sum("Traceback" in line for line in studio.said)
    is_well = alive and not status and not load.failures and grown < FLAT and load.seconds
    for failure in load.failures[:3]:
        print(f"failed: {failure}")
    print("".join(studio.said[-15:]))
    return _report(load, memory, grown, clients, seconds, tracebacks), bool(is_well)


def _report(
    load: Load, memory: list[int], grown: float, clients: int, seconds: float, tracebacks: int
) -> list[str]:
    times = sorted(load.seconds) or [float("nan")]
    shares = (50, 90, 95, 99, 100)
    found = [times[min(len(times) - 1, len(times) * share // 100)] for share in shares]
    latency = ", ".join(f"{s} %: {t:.1f} s" for s, t in zip(shares, found, strict=True))
    half, last = memory[len(memory) // 2] >> 20, memory[-1] >> 20
    return [
        f"`make load`, {datetime.date.today().isoformat()}, {os.cpu_count()} cores, "
        f"{clients} clients, {seconds:.0f} seconds:",
        "",
        "| | |",
        "|---|---|",
        f"| good requests answered with a picture | {len(load.seconds):,} |",
        f"| good requests that failed | {len(load.failures)} |",
        f"| hostile requests | {load.hostile:,} |",
        f"| time from upload to picture, share of the good ones within | {latency} |",
        f"| memory of the studio, halfway and at the end | {half} MiB, {last} MiB "
        f"(last quarter over the one before: {grown:.2f}) |",
        f"| tracebacks in what it printed | {tracebacks} |",
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, help="document whose table of figures is rewritten")
    chosen = parser.parse_args()
    lines, is_well = run(chosen.seconds, chosen.clients, chosen.seed)
    print("\n".join(["", *lines]))
    if chosen.report:
        sys.path.append(str(programs.ROOT / "tests" / "hostile"))
        from figures import rewrite

        rewrite(chosen.report, "load", lines)
    sys.exit(not is_well)


if __name__ == "__main__":
    main()
