"""The studio in a real browser, as its visitors use it, and over HTTP, as nobody should."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
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
from psd_tools import PSDImage
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import ActionChains, Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from tf_deeppaint.images.decoding import decode_picture, read_picture
from tf_deeppaint.images.encoding import write_picture
from tf_deeppaint.images.pixels import to_gray
from tf_deeppaint.networks.generator import Generator
from tf_deeppaint.painting.painter import Painter
from tf_deeppaint.palette.named_colors import color_code, parse_colors
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
        assert opened.startswith("The studio is starting"), "".join(said)  # at once
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


SIZES = [(1280, 800), (390, 844)]


@pytest.fixture(name="page")
def open_page(request, studio, tmp_path) -> "Page":
    """A visitor's page, of the size that the test's parameter says."""
    programs = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if None in programs:
        pytest.skip("no chromium and chromedriver: apt-get install chromium chromium-driver")
    width, height = getattr(request, "param", SIZES[0])
    options = ChromeOptions()
    options.binary_location = programs[0]
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--enable-unsafe-swiftshader",
        f"--window-size={width},{height}",
        f"--user-data-dir={tmp_path / 'profile'}",
    ):
        options.add_argument(argument)
    if width < 500:  # no window is so narrow
        metrics = {"width": width, "height": height, "pixelRatio": 1.0, "touch": False}
        options.add_experimental_option("mobileEmulation", {"deviceMetrics": metrics})
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    options.add_experimental_option("prefs", {"download.default_directory": str(downloads)})
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    with Chrome(options, Service(programs[1])) as browser:
        page = Page(browser, downloads)
        said_before = len(studio.said)
        browser.get(studio.address)
        page.find("#sketch .examples img")
        page.find("#swatches .cell")
        yield page
        assert {urlsplit(url).netloc for url in page.asked()} == {urlsplit(studio.address).netloc}
        said = "".join(studio.said[said_before:])
        assert said == "", said
        assert page.errors == []


class Page:
    """A visitor at the page: waits for what must come, and never for a time."""

    def __init__(self, browser: Chrome, downloads: Path):
        self.browser = browser
        self.downloads = downloads

    @property
    def errors(self) -> list[dict]:
        """What went wrong in the page's scripts; Gradio's own tell of each page that is left."""
        said = [line for line in self.browser.get_log("browser") if line["level"] == "SEVERE"]
        usual = ("AbortError", "Connection errored out")
        return [line for line in said if not any(words in line["message"] for words in usual)]

    def script(self, text: str, *arguments):
        return self.browser.execute_script(text, *arguments)

    def wait(self, come: Callable[[], object], what: str = ""):
        """What comes, once it is true; the page may draw an element anew while it is looked at."""
        waiting = WebDriverWait(self.browser, PATIENCE, 0.1, [StaleElementReferenceException])
        return waiting.until(lambda _: come(), what)

    def find(self, selector: str):
        return self.wait(lambda: self.browser.find_elements(By.CSS_SELECTOR, selector), selector)[0]

    def click(self, selector: str) -> None:
        def click() -> bool:
            element = self.find(selector)
            self.script("arguments[0].scrollIntoView({block: 'center'})", element)
            element.click()
            return True

        self.wait(click, selector)

    def upload(self, place: str, path: Path) -> None:
        self.find(f"{place} input[type=file]").send_keys(str(path))

    def shown(self, selector: str = "#easel .after") -> str:
        """The address of a picture; empty while there is none."""
        found = self.browser.find_elements(By.CSS_SELECTOR, selector)
        return found[0].get_attribute("src") or "" if found else ""

    def new_picture(self, act: Callable[[], object]) -> np.ndarray:
        """The picture that comes after something is done."""
        before = self.shown()
        act()
        return self.picture(before)

    def picture(self, before: str = "") -> np.ndarray:
        """The picture on the page, once there is one of another address than before."""
        source = self.wait(lambda: (now := self.shown()) != before and now, "a new picture")
        # The map of its regions comes after it.
        self.wait(lambda: self.script("return document.querySelector('.after').complete"))
        with urllib.request.urlopen(source) as answer:
            return decode_picture(answer.read(), source)

    def point(self, x: float, y: float, act: str = "click") -> None:
        """Points at a place of the picture, in parts of its width and height; and clicks it."""
        self.script("document.querySelector('#easel .stage').scrollIntoView({block: 'center'})")
        place = self.script(
            "const [sheet, stage] = ['.sheet', '.stage'].map("
            "(s) => document.querySelector(s).getBoundingClientRect());"
            "return [sheet.left + arguments[0] * sheet.width - stage.left - stage.width / 2,"
            " sheet.top + arguments[1] * sheet.height - stage.top - stage.height / 2]",
            x,
            y,
        )
        chain = ActionChains(self.browser).move_to_element_with_offset(
            self.find("#easel .stage"), *map(int, place)
        )
        (chain.click() if act == "click" else chain).perform()

    def press(self, *keys: str) -> None:
        """Presses keys together."""
        chain = ActionChains(self.browser)
        for key in keys[:-1]:
            chain = chain.key_down(key)
        chain = chain.send_keys(keys[-1])
        for key in keys[:-1]:
            chain = chain.key_up(key)
        chain.perform()

    def swatches(self) -> np.ndarray:
        """The palette on the page, uint8 (4, 4, 3)."""
        script = "return [...document.querySelectorAll('.cell input')].map(s => s.value).join()"
        return parse_colors(self.script(script)).reshape(4, 4, 3)

    def set_color(self, selector: str, number: int, code: str, kind: str = "input") -> None:
        """Does what a color picker does; the driver sets a value, but tells nobody."""
        swatch = self.browser.find_elements(By.CSS_SELECTOR, selector)[number]
        self.script(
            "arguments[0].value = arguments[1];"
            f"arguments[0].dispatchEvent(new Event('{kind}', {{bubbles: true}}))",
            swatch,
            code,
        )

    def set_swatch(self, number: int, code: str) -> None:
        self.set_color(".cell input", number, code)

    def choose(self, selector: str, value: str) -> None:
        self.script(
            "arguments[0].value = arguments[1];"
            "arguments[0].dispatchEvent(new Event('change', {bubbles: true}))",
            self.find(selector),
            value,
        )

    def download(self, kind: str, name: str) -> Path:
        path = self.downloads / name
        path.unlink(missing_ok=True)
        self.click(f"[data-kind={kind}]")
        self.wait(path.exists, name)  # the browser renames it when it is whole
        return path

    def told(self, place: str) -> str:
        """The line beside what caused it."""
        return self.script(
            "const line = document.querySelector(`#${arguments[0]} .note`);"
            "return line.dataset.kind === 'busy' ? '' : line.textContent",
            place,
        )

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
    """A sketch of two closed boxes that is not square, and a reference, as files."""
    sketch = np.full((150, 100), 255, np.uint8)
    for top in (20, 90):
        sketch[top : top + 44, 10:90] = 0
        sketch[top + 2 : top + 42, 12:88] = 255
    reference = np.random.default_rng(4).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    paths = tmp_path / "my sketch.png", tmp_path / "my reference.png"
    write_picture(paths[0], sketch)
    write_picture(paths[1], reference.repeat(9, axis=0).repeat(9, axis=1))
    return paths


def assert_alike(picture: np.ndarray, expected: np.ndarray) -> None:
    """Two processes may round a level apart, which a heat map's colors make a few."""
    np.testing.assert_allclose(picture.astype(int), expected, atol=4)


@pytest.mark.slow
@pytest.mark.parametrize("page", SIZES, indirect=True, ids=str)
def test_a_wrong_region_is_put_right_with_a_click_and_a_swatch(page, drawing, model):
    """Upload, color, click a region, change it, undo, zoom, compare, download."""
    sketch, reference = drawing
    painter = Painter.load(model)
    first = painter.palette_of(reference)
    page.upload("#sketch", sketch)
    page.wait(lambda: "file=" in page.shown("#sketch .drop img"), "the sketch as it was read")
    page.upload("#colors", reference)
    page.wait(lambda: np.array_equal(page.swatches(), first), "the reference's palette")
    painted = page.new_picture(lambda: page.click("#color"))
    original = painter.make_paintings([to_gray(read_picture(sketch))], first[None])[0]
    assert_alike(painted, original.picture())
    stage = page.find("#easel .stage")
    page.wait(lambda: page.script("return arguments[0].getBoundingClientRect().top", stage) < 500)

    page.point(0.5, 0.74)
    page.find("#easel .choice:not([hidden])")
    changed = page.new_picture(lambda: page.set_color(".choice .any input", 0, "#12ab34", "change"))
    expected = original.hint(50, 111, "#12ab34")
    assert_alike(changed, expected.picture())
    # Shading stays over the color; the box above stays as it was.
    assert np.abs(changed[111, 50].astype(int) - painted[111, 50]).max() > 20
    np.testing.assert_array_equal(changed[:80], painted[:80])
    assert "#12ab34" in page.find("#easel .hints").text
    other = color_code(first[0, 1])
    again = page.new_picture(lambda: page.click(f".choice [data-code='{other}']"))
    assert_alike(again, original.hint(50, 111, other).picture())

    back = page.new_picture(lambda: page.click("#easel [data-do=undo]"))
    np.testing.assert_array_equal(back, changed)
    back = page.new_picture(lambda: page.press(Keys.CONTROL, "z"))
    np.testing.assert_array_equal(back, painted)
    forth = page.new_picture(lambda: page.press(Keys.CONTROL, "y"))
    np.testing.assert_array_equal(forth, changed)

    page.click("#easel [data-do=in]")
    page.click("#easel [data-do=in]")
    assert page.find("#easel .zoom").text == "225 %"
    before = page.script("return document.querySelector('.sheet').style.transform")
    page.script("document.querySelector('#easel .stage').scrollIntoView({block: 'center'})")
    drag = ActionChains(page.browser).move_to_element(stage).click_and_hold()
    drag.move_by_offset(20, 30).move_by_offset(5, 5).release().perform()
    assert page.script("return document.querySelector('.sheet').style.transform") != before
    page.click("#easel [data-do=fit]")
    page.click("#easel [data-do=compare]")
    page.script(
        "const slider = document.querySelector('.slider input'); slider.value = 70;"
        "slider.dispatchEvent(new Event('input', {bubbles: true}))"
    )
    assert "70%" in page.script("return document.querySelector('.after').style.clipPath")

    saved = read_picture(page.download("png", "painted.png"))
    assert_alike(saved, expected.picture())
    with zipfile.ZipFile(page.download("ora", "painted.ora")) as layers:
        assert layers.read("mimetype") == b"image/openraster"
        merged = decode_picture(layers.read("mergedimage.png"), "merged")
    assert_alike(merged, expected.picture())
    layers = PSDImage.open(page.download("psd", "painted.psd"))
    assert_alike(np.asarray(layers.topil().convert("RGB")), expected.picture())
    assert page.script("return document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.slow
def test_on_a_line_the_nearest_region_is_chosen(page, drawing):
    page.upload("#sketch", drawing[0])
    page.wait(lambda: "file=" in page.shown("#sketch .drop img"))
    before = page.new_picture(lambda: page.click("#color"))
    page.point(0.5, 21.5 / 150)  # on the line of the upper box, beside what is in it
    lit = "return [...document.querySelector('#easel .glow').getContext('2d')"
    rows = page.script(f"{lit}.getImageData(50, 0, 1, 150).data].filter((_, i) => i % 4 === 3)")
    assert any(rows[:75]) and not any(rows[75:])  # one region, not all lines
    after = page.new_picture(lambda: page.click("#easel .choice [data-code]:last-child"))
    changed = (after != before).any(axis=-1)
    assert changed.any() and not changed[75:].any()


@pytest.mark.slow
def test_colors_lines_paper_and_the_inside_of_the_network(page, drawing, model):
    sketch, reference = drawing
    painter = Painter.load(model)
    first = painter.palette_of(reference)
    page.upload("#sketch", sketch)
    page.upload("#colors", reference)
    page.wait(lambda: np.array_equal(page.swatches(), first), "the reference's palette")
    original = painter.make_paintings([to_gray(read_picture(sketch))], first[None])[0]
    page.new_picture(lambda: page.click("#color"))
    second = first.copy()
    second[2, 1] = (255, 0, 128)
    recolored = page.new_picture(lambda: page.set_swatch(9, "#ff0080"))
    expected = original.recolor(second)
    page.wait(lambda: np.array_equal(page.swatches(), second), "the swatch")
    assert_alike(recolored, expected.picture())
    assert "Recolored" in page.find("#easel .status").text

    # Picked by hand, it is locked, and stays when a ready palette comes.
    page.new_picture(lambda: page.click("[data-name=Night]"))
    mixed = PALETTES["Night"].copy()
    mixed[2, 1] = (255, 0, 128)
    page.wait(lambda: np.array_equal(page.swatches(), mixed), "Night but for the locked one")
    page.click("#swatches .unlock")
    page.wait(lambda: page.script("return !document.querySelector('.cell.locked')"), "unlocked")
    page.new_picture(lambda: page.click("[data-name=Sea]"))
    page.wait(lambda: np.array_equal(page.swatches(), PALETTES["Sea"]), "Sea")
    expected = original.recolor(PALETTES["Sea"])

    toned = page.new_picture(lambda: page.choose("#look [name=paper]", ""))  # a color
    assert_alike(toned, expected.picture(paper="#fff4e0"))
    page.new_picture(lambda: page.choose("#look [name=paper]", "auto"))
    page.click("#look summary")
    networks = page.new_picture(lambda: page.click("#look [value=network]"))
    assert_alike(networks, expected.picture("network"))
    maps = painter.attention(original)
    for gate in (3, 6):
        heat = page.new_picture(
            lambda gate=gate: page.click(f"#look [name=attention][value='{gate}']")
        )
        assert_alike(heat, draw_heat_map(maps[gate - 1], original.sketch))


@pytest.mark.slow
def test_an_example_is_one_click_and_a_reload_keeps_it(page):
    painted = page.new_picture(lambda: page.click("#sketch [data-example]"))
    assert painted.shape == (512, 512, 3)
    assert "file=" in page.shown("#sketch .drop img") and page.shown("#colors .drop img")
    page.new_picture(lambda: page.click("[data-name=Night]"))
    kept = page.new_picture(lambda: page.set_swatch(0, "#00ff00"))
    palette = page.swatches()
    page.browser.refresh()
    # On the new page any picture is the one kept; it may be there before the first look.
    np.testing.assert_array_equal(page.picture(), kept)
    page.wait(lambda: np.array_equal(page.swatches(), palette), "the palette")
    assert "file=" in page.shown("#sketch .drop img")
    back = page.new_picture(lambda: page.press(Keys.CONTROL, "z"))
    assert (back != kept).any()


@pytest.mark.slow
@pytest.mark.parametrize("page", SIZES[1:], indirect=True, ids=str)
def test_on_a_phone_the_picture_stays_in_sight_while_its_palette_is_changed(page):
    page.new_picture(lambda: page.click("#sketch [data-example]"))
    for number in (0, 15):
        top, bottom = page.script(
            "document.querySelectorAll('.cell')[arguments[0]].scrollIntoView({block: 'end'});"
            "const place = document.querySelector('.stage').getBoundingClientRect();"
            "return [place.top, place.bottom]",
            number,
        )
        assert top >= 0 and bottom <= SIZES[1][1]


@pytest.mark.slow
def test_what_is_drawn_on_the_page_is_colored(page):
    page.click("#tab-drawn")
    canvas = page.find("#sketch .pad")
    page.script("arguments[0].scrollIntoView({block: 'center'})", canvas)

    def stroke(*steps):
        pen = ActionChains(page.browser).move_to_element(canvas).click_and_hold()
        for step in steps:
            pen = pen.move_by_offset(*step)
        pen.release().perform()

    stroke((50, 0), (0, 50), (-50, 0), (0, -50))  # the pen is ready
    painted = page.new_picture(lambda: page.click("#color"))
    assert painted.shape == (1024, 1024, 3)
    black = (painted.max(axis=-1) < 30).mean()
    assert 0.001 < black < 0.2
    page.script("arguments[0].scrollIntoView({block: 'center'})", canvas)
    stroke((-90, -90))
    page.find("#easel .stage.stale")  # another drawing: not painted yet
    assert page.find("[data-kind=png]").get_attribute("aria-disabled") == "true"
    page.find("#easel [data-do=undo]")
    page.click("#sketch [data-tool=pen]")
    page.press(Keys.CONTROL, "z")
    again = page.new_picture(lambda: page.click("#color"))
    np.testing.assert_array_equal(again, painted)


@pytest.mark.slow
def test_a_mistake_is_told_beside_what_caused_it_and_the_page_lives_on(page, drawing, tmp_path):
    page.click("#color")
    assert "there is no sketch yet" in page.wait(lambda: page.told("colors"))

    hostile = tmp_path / "<img src=x onerror=alert(1)>.png"
    hostile.write_text("no picture")
    page.upload("#sketch", hostile)
    told = page.wait(lambda: page.told("sketch"))
    assert told.startswith("<img src=x onerror=alert(1)>.png: ") and "\n" not in told
    assert page.browser.find_elements(By.CSS_SELECTOR, "img[src=x]") == []
    page.wait(lambda: not page.shown("#sketch .drop img"), "the file is taken off the page")

    page.upload("#sketch", drawing[0])
    page.wait(lambda: "file=" in page.shown("#sketch .drop img"))
    assert page.new_picture(lambda: page.click("#color")).shape == (150, 100, 3)
    page.click("#sketch .drop .remove")
    page.find("#easel .stage.stale")
    assert page.find("[data-kind=png]").get_attribute("aria-disabled") == "true"


@pytest.mark.slow
def test_another_visitor_has_a_work_of_their_own(page, studio):
    page.new_picture(lambda: page.click("#sketch [data-example]"))
    page.browser.switch_to.new_window("tab")
    page.browser.get(studio.address)
    page.find("#swatches .cell")
    assert page.find("[data-kind=png]").get_attribute("aria-disabled") == "true"
    page.click("[data-name=Night]")
    page.wait(lambda: np.array_equal(page.swatches(), PALETTES["Night"]))
    assert page.shown() == ""


@pytest.mark.slow
def test_a_duplicated_tab_has_a_work_of_its_own_and_a_reload_keeps_it(page):
    key = "return sessionStorage.getItem('studio-work')"
    page.new_picture(lambda: page.click("#sketch [data-example]"))
    first, tab = page.script(key), page.browser.current_window_handle
    page.script("window.open(location.href)")  # begins with a copy of what the other stores
    (other,) = set(page.browser.window_handles) - {tab}
    page.browser.switch_to.window(other)
    page.wait(lambda: (now := page.script(key)) and now != first, "a key of its own")
    page.find("#swatches .cell")
    assert page.shown() == ""
    page.browser.close()
    page.browser.switch_to.window(tab)
    page.browser.refresh()
    page.wait(page.shown)
    assert page.script(key) == first


@pytest.mark.slow
def test_the_keyboard_is_enough(page):
    page.new_picture(lambda: page.click("#sketch [data-example]"))
    page.script("document.querySelector('#easel .stage').focus()")
    for key in ("+", "0", "c", Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ENTER):
        page.press(key)
    assert page.script("return document.activeElement.dataset.code")
    page.press(Keys.TAB)
    hinted = page.new_picture(lambda: page.press(Keys.ENTER))
    assert "#" in page.find("#easel .hints").text and hinted.shape == (512, 512, 3)
    page.press(Keys.ESCAPE)
    page.wait(lambda: not page.find("#easel .choice").is_displayed())
    page.script("document.querySelector('#look details').open = true")
    page.script("document.querySelector('#look [value=original]').focus()")
    page.new_picture(lambda: page.press(Keys.ARROW_DOWN))
    assert page.script("return document.activeElement.value") == "network"


@pytest.mark.slow
@pytest.mark.parametrize("page", SIZES, indirect=True, ids=str)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_names_and_sizes_suit_everybody(page, scheme):
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    page.browser.refresh()
    page.find("#swatches .cell")
    is_dark = "return document.body.classList.contains('dark')"
    page.wait(lambda: page.script(is_dark) == (scheme == "dark"), scheme)
    page.new_picture(lambda: page.click("#sketch [data-example]"))
    page.point(0.5, 0.5)
    page.new_picture(lambda: page.click(".choice [data-code]"))
    page.script("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    assert page.script((ROOT / "tests/studio/unfit.js").read_text()) == []


@pytest.mark.slow
@pytest.mark.parametrize("page", SIZES, indirect=True, ids=str)
def test_axe_finds_nothing(page, tmp_path):
    """The checks of axe-core, where npm can bring it."""
    if shutil.which("npm") is None:
        pytest.skip("no npm")
    command = ["npm", "pack", "axe-core@4.10.3", "--silent"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False)
    if done.returncode:
        pytest.skip("npm cannot bring axe-core")
    with tarfile.open(tmp_path / "axe-core-4.10.3.tgz") as package:
        axe = package.extractfile("package/axe.min.js").read().decode()
    page.new_picture(lambda: page.click("#sketch [data-example]"))
    page.point(0.5, 0.5)
    page.new_picture(lambda: page.click(".choice [data-code]"))
    page.script("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    page.script(axe)
    found = page.browser.execute_async_script(
        "axe.run().then((r) => arguments[0](r.violations.map((v) =>"
        " `${v.id}: ${v.nodes.map((n) => n.target).join(' ')}`)))"
    )
    assert found == []


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
    (sketch,) = (c["id"] for c in config["components"] if c["props"].get("elem_id") == "sketch")
    chosen = [d for d in config["dependencies"] if [sketch, "upload"] in d["targets"]]
    file = {"path": str(secret), "meta": {"_type": "gradio.FileData"}}
    call = {
        "data": ["0" * 32, {"source": "file", "file": file}, {}],
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
