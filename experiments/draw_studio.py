"""Takes the documents' pictures of the studio, in Chromium, with the bundled model.

    python -m experiments.draw_studio --output=docs/pictures

It needs chromium and chromedriver: apt-get install chromium chromium-driver.
"""

import io
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from absl import flags

from tf_deeppaint.utils import programs

_OUTPUT = flags.DEFINE_string("output", "docs/pictures", "The folder of the pictures.")

EXAMPLE, PATIENCE = 1, 300
DESK, PHONE = (1280, 800), (390, 844)
# A place of the example that got the wrong color, in parts of its width and height, and the swatch
# that puts it right.
PLACE, SWATCH = (0.665, 0.53), 1
# Whether the picture and all around it are there, and nothing is under way.
IS_READY = """
const pictures = [...document.querySelectorAll('#desk .drop img, #easel .after')];
return pictures.every((i) => i.src && i.complete && i.naturalWidth > 0)
  && !document.querySelector('[data-kind=busy]') && arguments[0] !== pictures.at(-1).src
"""
# Where a place of the picture is, from the middle of its stage.
FIND_PLACE = """
const [sheet, stage] = ['.sheet', '.stage']
  .map((selector) => document.querySelector(selector).getBoundingClientRect());
return [sheet.left + arguments[0] * sheet.width - stage.left - stage.width / 2,
  sheet.top + arguments[1] * sheet.height - stage.top - stage.height / 2]
"""


def main() -> None:
    from tf_deeppaint.images.encoding import encode_png
    from tf_deeppaint.utils.errors import DeepPaintError
    from tf_deeppaint.utils.files import join, write_bytes

    tools = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if None in tools:
        raise DeepPaintError("no chromium and chromedriver found; install them")
    command = [sys.executable, "-m", "tf_deeppaint.studio", "--port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as studio:
        try:
            address = next(line for line in studio.stdout if " open at " in line).split()[5]
            with open_page(address, *tools, DESK) as (browser, wait):
                color_example(browser, wait)
                pictures = {"studio.png": browser.get_screenshot_as_png()}
                put_right(browser, wait)
                pictures["studio-hint.png"] = browser.get_screenshot_as_png()
            phones = [photograph_phone(address, tools, scheme) for scheme in ("light", "dark")]
        finally:
            studio.terminate()
    pictures["studio-phone.png"] = encode_png(side_by_side(phones))
    for name, data in pictures.items():
        write_bytes(join(_OUTPUT.value, name), data)
        print(join(_OUTPUT.value, name))


@contextmanager
def open_page(
    address: str, chromium: str, chromedriver: str, size: tuple[int, int], scheme: str = "light"
) -> Iterator[tuple]:
    """A browser that has opened the studio, and what waits until something is true."""
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    width, height = size
    options = ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", "--hide-scrollbars"):
        options.add_argument(argument)
    with Chrome(options, Service(chromedriver)) as browser:
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        # Not by the window, which has bars of its own and is never narrow.
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        browser.get(address)
        wait = WebDriverWait(browser, PATIENCE).until
        wait(lambda _: browser.find_elements(By.CSS_SELECTOR, "#swatches .cell"))
        yield browser, wait


def color_example(browser, wait: Callable) -> None:
    """Clicks an example, and waits for its picture."""
    click(browser, f"[data-example='{EXAMPLE}']")
    wait(lambda _: browser.execute_script(IS_READY))
    browser.execute_script("scrollTo(0, 0)")


def put_right(browser, wait: Callable) -> None:
    """Clicks a region, and gives it the color of a swatch."""
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.by import By

    before = browser.execute_script("return document.querySelector('#easel .after').src")
    stage = browser.find_element(By.CSS_SELECTOR, "#easel .stage")
    x, y = map(int, browser.execute_script(FIND_PLACE, *PLACE))
    ActionChains(browser).move_to_element_with_offset(stage, x, y).click().perform()
    click(browser, f"#easel .choice [data-code]:nth-of-type({SWATCH})")
    wait(lambda _: browser.execute_script(IS_READY, before))
    browser.execute_script(
        "document.querySelector('#easel h2').scrollIntoView({block: 'start'});"
        "document.activeElement.blur()"
    )


def photograph_phone(address: str, tools: list[str], scheme: str) -> bytes:
    """The picture and its palette on a phone."""
    with open_page(address, *tools, PHONE, scheme) as (browser, wait):
        color_example(browser, wait)
        browser.execute_script(
            "document.querySelector('#easel h2').scrollIntoView({block: 'start'})"
        )
        return browser.get_screenshot_as_png()


def side_by_side(pictures: list[bytes]):
    """Pictures of one height beside each other, uint8 RGB `(H, W, 3)`."""
    import numpy as np
    from PIL import Image

    shots = [np.asarray(Image.open(io.BytesIO(data)).convert("RGB")) for data in pictures]
    gap = np.full((len(shots[0]), 16, 3), 255, np.uint8)
    parts = [part for shot in shots for part in (gap, shot)]
    return np.concatenate(parts[1:], axis=1)


def click(browser, selector: str) -> None:
    """Clicks an element, which is scrolled to first."""
    from selenium.webdriver.common.by import By

    element = browser.find_element(By.CSS_SELECTOR, selector)
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
    element.click()


if __name__ == "__main__":
    programs.run(main)
