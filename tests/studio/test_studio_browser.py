"""The studio in a real browser, as its visitors use it, and over HTTP, as nobody should."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import keras
import numpy as np
import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import ActionChains, Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tf_deeppaint.images.decoding import decode_picture, read_picture
from tf_deeppaint.images.encoding import write_picture
from tf_deeppaint.images.pixels import to_gray
from tf_deeppaint.networks.generator import Generator
from tf_deeppaint.painting.painter import Painter
from tf_deeppaint.palette.named_colors import parse_colors
from tf_deeppaint.studio.examples import PALETTES
from tf_deeppaint.visualization.heat_maps import draw_heat_map

ROOT = Path(__file__).parents[2]
PATIENCE = 120


@pytest.fixture(scope="module", name="model")
def make_model(tmp_path_factory) -> Path:
    keras.utils.set_random_seed(3)
    generator = Generator(4, size=64, head_kind="mixture", background="white")
    # Weights of N(0, 0.02) leave every gate half open; larger ones give maps to look at.
    generator.set_weights([w * 6 if w.ndim == 4 else w for w in generator.get_weights()])
    path = tmp_path_factory.mktemp("model") / "tiny.keras"
    generator.save(path)
    return path


class Studio(NamedTuple):
    """A studio that runs as a program: its address, and the lines of its stderr so far."""

    address: str
    said: list[str]


@pytest.fixture(scope="module", name="studio")
def open_studio(model, tmp_path_factory) -> Studio:
    """Opens a studio, which must leave nothing behind."""
    temporary, here, home = map(tmp_path_factory.mktemp, ("tmp", "here", "home"))
    process = subprocess.Popen(
        [sys.executable, "-m", "tf_deeppaint.studio", f"--model={model}", "--port=0"],
        cwd=here,
        env=os.environ
        | {
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(temporary),
            "HOME": str(home),
            # Nothing must be asked of another machine, not even of a proxy.
            "HTTP_PROXY": "http://127.0.0.1:9",
            "HTTPS_PROXY": "http://127.0.0.1:9",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    said: list[str] = []
    listener = threading.Thread(target=lambda: said.extend(process.stderr), daemon=True)
    listener.start()
    try:
        opened = process.stdout.readline()
        assert opened.startswith("The studio is open at http://127.0.0.1:"), "".join(said)
        assert len(list(temporary.iterdir())) == 1
        yield Studio(opened.split()[5], said)
        assert len(list(temporary.iterdir())) == 1
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    listener.join()
    assert list(temporary.iterdir()) == []
    assert list(here.iterdir()) == []


@pytest.fixture(name="page")
def open_page(studio, tmp_path) -> "Page":
    programs = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if None in programs:
        pytest.skip("no chromium and chromedriver: apt-get install chromium chromium-driver")
    options = ChromeOptions()
    options.binary_location = programs[0]
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--enable-unsafe-swiftshader",
        "--window-size=1280,1000",
        f"--user-data-dir={tmp_path / 'profile'}",
    ):
        options.add_argument(argument)
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    with Chrome(options, Service(programs[1])) as browser:
        page = Page(browser, downloads)
        said_before = len(studio.said)
        browser.get(studio.address)
        page.find("#examples img")
        yield page
        assert {urlsplit(url).netloc for url in page.asked()} == {urlsplit(studio.address).netloc}
        said = "".join(studio.said[said_before:])
        assert said == "", said


class Page:
    """A visitor at the page: waits for what must come, and never for a time."""

    def __init__(self, browser: Chrome, downloads: Path):
        self.browser = browser
        self.downloads = downloads

    def wait(self, come: Callable[[], object], what: str = ""):
        """What comes, once it is true; the page may draw an element anew while it is looked at."""
        waiting = WebDriverWait(self.browser, PATIENCE, 0.1, [StaleElementReferenceException])
        return waiting.until(lambda _: come(), what)

    def find(self, selector: str):
        return self.wait(lambda: self.browser.find_elements(By.CSS_SELECTOR, selector), selector)[0]

    def click(self, selector: str) -> None:
        def click() -> bool:
            element = self.find(selector)
            self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
            element.click()
            return True

        self.wait(click, selector)

    def upload(self, place: str, path: Path) -> None:
        self.find(f"{place} input[type=file]").send_keys(str(path))

    def shown(self, place: str) -> str:
        """The address of the picture at a place; empty while there is none."""
        found = self.browser.find_elements(By.CSS_SELECTOR, f"{place} img")
        return found[0].get_attribute("src") if found else ""

    def new_picture(self, act: Callable[[], object]) -> np.ndarray:
        """The picture that comes after something is done."""
        before = self.shown("#picture")
        act()
        source = self.wait(
            lambda: (now := self.shown("#picture")) != before and now, "a new picture"
        )
        with urllib.request.urlopen(source) as answer:
            return decode_picture(answer.read(), source)

    def swatches(self) -> np.ndarray:
        """The palette on the page, uint8 (4, 4, 3)."""
        script = "return [...document.querySelectorAll('#swatches input')].map(s => s.value).join()"
        return parse_colors(self.browser.execute_script(script)).reshape(4, 4, 3)

    def set_swatch(self, number: int, code: str) -> None:
        """Does what a color picker does; the driver sets a value, but tells nobody."""
        swatch = self.browser.find_elements(By.CSS_SELECTOR, "#swatches input")[number]
        self.browser.execute_script(
            "arguments[0].value = arguments[1];"
            "arguments[0].dispatchEvent(new Event('input', {bubbles: true}))",
            swatch,
            code,
        )

    def download(self, button: str, name: str) -> Path:
        path = self.downloads / name
        path.unlink(missing_ok=True)
        self.click(button)
        self.wait(path.exists, name)  # the browser renames it when it is whole
        return path

    def toasts(self) -> list[str]:
        """The lines that are told, once they have appeared."""
        found = self.browser.find_elements(By.CSS_SELECTOR, "[data-testid=toast-text]")
        return [toast.text for toast in found if toast.text]

    def asked(self) -> list[str]:
        """The addresses of all that the browser asked for."""
        logged = (
            json.loads(line["message"])["message"] for line in self.browser.get_log("performance")
        )
        sent = [
            entry["params"] for entry in logged if entry["method"] == "Network.requestWillBeSent"
        ]
        urls = [entry["request"]["url"] for entry in sent]
        return [url for url in urls if url.startswith(("http", "ws"))]


@pytest.fixture(name="drawing")
def make_drawing(tmp_path) -> tuple[Path, Path]:
    """A sketch that is not square and a reference, as files."""
    sketch = np.full((150, 100), 255, np.uint8)
    sketch[40:42, 10:90] = sketch[110:112, 10:90] = 0
    sketch[40:112, 10:12] = sketch[40:112, 88:90] = 0
    reference = np.random.default_rng(4).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    paths = tmp_path / "my sketch.png", tmp_path / "my reference.png"
    write_picture(paths[0], sketch)
    write_picture(paths[1], reference.repeat(9, axis=0).repeat(9, axis=1))
    return paths


def assert_alike(picture: np.ndarray, expected: np.ndarray) -> None:
    """Two processes may round a level apart, which a heat map's colors make a few."""
    np.testing.assert_allclose(picture.astype(int), expected, atol=4)


def test_a_sketch_is_colored_recolored_explained_and_downloaded(page, drawing, model):
    sketch, reference = drawing
    painter = Painter.load(model)
    page.upload("#sketch", sketch)
    page.find("#sketch img")
    first = painter.palette_of(reference)
    page.upload("#reference", reference)
    page.wait(lambda: np.array_equal(page.swatches(), first), "the reference's palette")

    painted = page.new_picture(lambda: page.click("#color"))
    assert_alike(painted, painter.paint(sketch, colors=first))

    second = first.copy()
    second[2, 1] = (255, 0, 128)
    original = painter.make_paintings([to_gray(read_picture(sketch))], first[None])[0]
    expected = original.recolor(second)
    recolored = page.new_picture(lambda: page.set_swatch(9, "#ff0080"))
    np.testing.assert_array_equal(page.swatches(), second)
    assert_alike(recolored, expected.picture())
    assert np.abs(recolored.astype(int) - painted).max() > 20

    networks = page.new_picture(lambda: page.click("#lines label:nth-of-type(2)"))
    assert_alike(networks, expected.picture("network"))
    maps = painter.attention(original)
    for gate in (3, 6):
        heat = page.new_picture(
            lambda gate=gate: page.click(f"#attention label:nth-of-type({gate + 1})")
        )
        assert_alike(heat, draw_heat_map(maps[gate - 1], original.sketch))

    saved = read_picture(page.download("#save-picture", "painted.png"))
    assert_alike(saved, expected.picture("network"))
    with zipfile.ZipFile(page.download("#save-layers", "painted.ora")) as layers:
        assert layers.read("mimetype") == b"image/openraster"
        assert b'name="lines"' in layers.read("stack.xml")
        merged = decode_picture(layers.read("mergedimage.png"), "merged")
    assert_alike(merged, expected.picture())


def test_examples_and_ready_palettes_are_one_click_away(page):
    painted = page.new_picture(lambda: page.click("#examples button"))
    assert painted.shape == (512, 512, 3)
    assert page.shown("#sketch").endswith("sketch.png")
    assert page.shown("#reference").endswith("reference.png")
    for name in ("Night", "Sea", "Night"):
        painted = page.new_picture(lambda name=name: page.click(f"[data-name={name}]"))
        np.testing.assert_array_equal(page.swatches(), PALETTES[name])
    # A ready palette comes back whole, though a swatch of it was changed.
    page.new_picture(lambda: page.set_swatch(0, "#00ff00"))
    again = page.new_picture(lambda: page.click("[data-name=Night]"))
    np.testing.assert_array_equal(page.swatches(), PALETTES["Night"])
    np.testing.assert_array_equal(again, painted)


def test_what_is_drawn_on_the_page_is_colored(page):
    page.click("button[role=tab]:nth-of-type(2)")
    page.click("#drawn button[aria-label=Brush]")
    canvas = page.find("#drawn canvas")
    pen = ActionChains(page.browser).move_to_element(canvas).click_and_hold()
    for step in ((50, 0), (0, 50), (-50, 0), (0, -50)):
        pen = pen.move_by_offset(*step)
    pen.release().perform()
    painted = page.new_picture(lambda: page.click("#color"))
    assert painted.shape == (512, 512, 3)
    black = (painted.max(axis=-1) < 30).mean()
    assert 0.001 < black < 0.2


def test_a_mistake_is_one_line_and_the_page_lives_on(page, drawing, tmp_path):
    page.click("#color")
    (told,) = page.wait(page.toasts)
    assert "there is no sketch yet" in told and "\n" not in told
    page.click("[data-testid=toast-close]")
    page.wait(lambda: not page.toasts())

    hostile = tmp_path / "<img src=x onerror=alert(1)>.png"
    hostile.write_text("no picture")
    page.upload("#sketch", hostile)
    (told,) = page.wait(page.toasts)
    assert told.startswith("<img src=x onerror=alert(1)>.png: ") and "\n" not in told
    assert page.browser.find_elements(By.CSS_SELECTOR, "img[src=x]") == []
    page.wait(lambda: not page.shown("#sketch"), "the file is taken off the page")

    page.upload("#sketch", drawing[0])
    page.find("#sketch img")
    assert page.new_picture(lambda: page.click("#color")).shape == (150, 100, 3)


def test_another_visitor_has_a_session_of_their_own(page, studio):
    page.new_picture(lambda: page.click("#examples button"))
    page.browser.switch_to.new_window("tab")
    page.browser.get(studio.address)
    page.click("#save-picture")
    (told,) = page.wait(page.toasts)
    assert "there is no picture yet" in told
    page.click("[data-name=Night]")
    page.wait(lambda: np.array_equal(page.swatches(), PALETTES["Night"]))
    assert page.shown("#picture") == ""
    assert list(page.downloads.iterdir()) == []


# --- over HTTP ----------------------------------------------------------------------------------


def request(address: str, path: str, data: object = None, **headers) -> tuple[int, bytes]:
    """Status and body of an answer."""
    body = None if data is None else json.dumps(data).encode()
    headers = {"Content-Type": "application/json"} | headers
    asked = urllib.request.Request(address.rstrip("/") + path, body, headers)
    try:
        with urllib.request.urlopen(asked, timeout=PATIENCE) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


@pytest.fixture(name="secret")
def make_secret(tmp_path) -> Path:
    """A picture on this machine that nobody gave the studio."""
    write_picture(tmp_path / "secret.png", np.zeros((32, 32), np.uint8))
    return tmp_path / "secret.png"


def test_no_file_of_this_machine_is_served(studio, secret):
    for path in (secret, Path("/etc/passwd"), ROOT / "setup.py"):
        for way in ("/gradio_api/file=", "/file=", "/gradio_api/file/", "/gradio_api/file=/../"):
            status, body = request(studio.address, f"{way}{path}")
            assert status in (403, 404), (way, path)
            assert b"root:" not in body and b"find_packages" not in body


def test_no_file_of_this_machine_is_taken_for_an_upload(studio, secret):
    _, config = request(studio.address, "/config")
    config = json.loads(config)
    (sketch,) = (c["id"] for c in config["components"] if c["props"].get("elem_id") == "reference")
    chosen = [d for d in config["dependencies"] if [sketch, "upload"] in d["targets"]]
    file = {"path": str(secret), "meta": {"_type": "gradio.FileData"}}
    call = {
        "data": [file, None, "original", 0],
        "fn_index": chosen[0]["id"],
        "session_hash": "stranger",
    }
    with urllib.request.urlopen(studio.address, timeout=PATIENCE) as answer:
        cookie = answer.headers["Set-Cookie"].split(";")[0]
    status, body = request(studio.address, "/gradio_api/queue/join", call, Cookie=cookie)
    assert status == 400 and b"not uploaded here" in body


def test_other_pages_in_the_same_browser_are_kept_out(studio):
    assert request(studio.address, "/config")[0] == 200
    for headers in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}):
        assert request(studio.address, "/config", **headers)[0] == 403
        assert request(studio.address, "/gradio_api/upload", {}, **headers)[0] == 403
