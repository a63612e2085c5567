"""How many pictures the studio and a served model make for many people at once.

Clients are threads of this process: each sends one picture a round, all at the same time, and the
round ends with the last answer.
"""

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from experiments.benchmarks.harness import ROOT, rounds, run_program, seconds_of
from experiments.benchmarks.results import Row
from experiments.benchmarks.studio_client import StudioClient, color_data
from tf_deeppaint.utils.errors import DeepPaintError
from tf_deeppaint.utils.silence import import_tensorflow

CLIENTS = 64
# Pictures a second: the goals.
STUDIO_GOAL, SERVED_GOAL = 8.0, 6.0
# Seconds that an answer may take.
PATIENCE_S = 600
# Drawings that are sent, and their side in pixels.
DRAWINGS, SIDE = 8, 256


def studio() -> Iterator[Row]:
    """Visitors of the studio, each with a page of its own, who upload a sketch and press Color."""
    sketches, _ = _draw()
    with open_studio() as address:
        client = StudioClient(urlsplit(address).netloc)
        color = client.event("colors", "submit")

        def ask(number: int) -> None:
            file = client.upload(sketches[number % DRAWINGS], "drawing.png")
            is_done, said = client.call(color, color_data(f"{number:032x}", file))
            if not is_done or "painted.png" not in said:
                raise DeepPaintError(f"the studio answered {said[-500:]!r}")

        rates = _ask_at_once(ask)
    yield Row(f"the studio, {CLIENTS} visitors", "LiteRT", rates, "pictures/s", STUDIO_GOAL)


def served() -> Iterator[Row]:
    """Clients of the bundled model as a SavedModel, over gRPC.

    TensorFlow Serving's binary is in no package registry: `tests.helpers.stand_in` runs the same
    loader and session in its place, two requests at a time, which is what `export/serving` sets.
    """
    tf = import_tensorflow()
    from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

    from tests.helpers.stand_in import StandIn

    sketches, references = _draw()
    requests = []
    for files in zip(sketches, references, strict=True):
        request = predict_pb2.PredictRequest()
        request.model_spec.name = "deeppaint"
        for name, data in zip(("sketch_bytes", "reference_bytes"), files, strict=True):
            request.inputs[name].CopyFrom(tf.make_tensor_proto([data], tf.string))
        requests.append(request)
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder, "deeppaint", "1")
        run_program("export.saved_model", f"--output={model}")
        with StandIn(model) as server:
            stub = prediction_service_pb2_grpc.PredictionServiceStub(server.channel)
            rates = _ask_at_once(
                lambda number: stub.Predict(requests[number % DRAWINGS], timeout=PATIENCE_S)
            )
    work = f"a SavedModel over gRPC, {CLIENTS} clients"
    yield Row(work, "TensorFlow Serving's loader and session", rates, "pictures/s", SERVED_GOAL)


@contextlib.contextmanager
def open_studio() -> Iterator[str]:
    """Runs the studio; its address, once it is open."""
    command = [sys.executable, "-m", "tf_deeppaint.studio", "--port=0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            lines = (line.split() for line in process.stdout)
            yield next(line[5] for line in lines if line[3:5] == ["open", "at"])
        finally:
            process.terminate()


def _draw() -> tuple[list[bytes], list[bytes]]:
    """PNG files of sketches, and of references for them."""
    from tf_deeppaint.data.sources.dolls.source import Dolls
    from tf_deeppaint.images.encoding import encode_png

    dolls = Dolls(DRAWINGS, seed=3)
    drawn = [dolls.load(example, SIDE) for example in dolls.examples()]
    sketches = [encode_png(one.sketch) for one in drawn]
    return sketches, [encode_png(one.picture) for one in (*drawn[1:], drawn[0])]


def _ask_at_once(ask: Callable[[int], object]) -> list[float]:
    """Pictures a second of each round, after a first one that is not counted."""
    with ThreadPoolExecutor(CLIENTS) as clients:
        seconds = [
            seconds_of(lambda: list(clients.map(ask, range(CLIENTS)))) for _ in range(rounds(3) + 1)
        ]
    return [CLIENTS / value for value in seconds[1:]]
