"""Many pages of a studio that runs: whoever opens them in a loop keeps nobody from a picture."""

import os
import tempfile
import threading

import pytest

from experiments.benchmarks.studio_client import StudioClient
from tests.helpers.painters import FakeBackend
from tf_deeppaint.painting.painter import Painter
from tf_deeppaint.studio import admission, server, visitors
from tf_deeppaint.studio.sessions import Sessions

SWATCHES = {"codes": [["#ffffff"] * 4] * 4, "locks": [False] * 16}
PATIENCE_S = 60
# As many sessions as Gradio's queue keeps here, and pages as the studio serves.
KEPT, PAGES = 6, 4


class Patient(FakeBackend):
    """Paints once it may."""

    def __init__(self):
        super().__init__()
        self.has_begun, self.may_end = threading.Event(), threading.Event()
        self.may_end.set()

    def run(self, sketches, palettes):
        self.has_begun.set()
        assert self.may_end.wait(PATIENCE_S)
        return super().run(sketches, palettes)


BACKEND = Patient()


@pytest.fixture(scope="module", name="client")
def open_studio(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "environ", os.environ.copy())
        patch.setattr(tempfile, "tempdir", tempfile.gettempdir())
        patch.setattr(visitors, "MAX_SESSIONS", PAGES)
        server.confine_gradio(str(tmp_path_factory.mktemp("studio")), "127.0.0.1")
        port = server.find_port("127.0.0.1", 0)
        names = admission.names_to_answer("127.0.0.1", [])
        page = server.launch(Painter(BACKEND), "127.0.0.1", port, "", names)
        page._queue.pending_messages_per_session.max_size = KEPT
        yield StudioClient(f"127.0.0.1:{port}")
        page.close(verbose=False)


def test_who_waits_for_a_picture_gets_it_whatever_pages_a_stranger_opens(client):
    paint, save = client.event("sketch", "select"), client.event("swatches", "select")
    answers = []

    def wait() -> None:
        client.ask("GET", "/")
        answers.append(client.call(paint, ["a" * 32, {"example": 0}, SWATCHES, {}]))

    for thread in threading.enumerate():
        if thread.name == "warm-up":
            thread.join()
    BACKEND.has_begun.clear()
    BACKEND.may_end.clear()
    anna = threading.Thread(target=wait, daemon=True)
    anna.start()
    try:
        assert BACKEND.has_begun.wait(PATIENCE_S)
        client.ask("GET", "/")
        for number in range(3 * KEPT):
            client.visitor.session = f"page{number}"
            is_saved, told = client.call(save, [f"{number:032x}", SWATCHES | {"kind": "json"}])
            assert is_saved, told
    finally:
        BACKEND.may_end.set()
        anna.join()
    ((is_painted, told),) = answers
    assert is_painted, told


def test_who_saves_layers_keeps_nobody_from_a_picture(client, monkeypatch):
    """Those of the largest sketches take minutes."""
    paint, save = client.event("sketch", "select"), client.event("saving", "input")
    write, has_begun, may_end = Sessions.write_layers, threading.Event(), threading.Event()
    told = {}

    def write_slowly(*arguments) -> str:
        has_begun.set()
        assert may_end.wait(PATIENCE_S)
        return write(*arguments)

    def ask(name: str, event: int, *data) -> None:
        client.ask("GET", "/")
        told[name] = client.call(event, [name * 32, *data])

    monkeypatch.setattr(Sessions, "write_layers", write_slowly)
    ask("a", paint, {"example": 0}, SWATCHES, {})
    anna = threading.Thread(target=ask, args=("a", save, {"kind": "ora"}, {}), daemon=True)
    boris = threading.Thread(target=ask, args=("b", paint, {"example": 0}, SWATCHES, {}))
    anna.start()
    try:
        assert has_begun.wait(PATIENCE_S)
        boris.start()
        boris.join(PATIENCE_S / 3)
        assert "b" in told and told["b"][0], told
    finally:
        may_end.set()
        anna.join()
        boris.join()
    assert told["a"][0], told
