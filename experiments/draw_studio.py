"""Takes the documents' picture of the studio, in Chromium, with the bundled model.

    python -m experiments.draw_studio --output=docs/pictures/studio.png

It needs chromium and chromedriver: apt-get install chromium chromium-driver.
"""

import shutil
import subprocess
import sys

from absl import flags

from tf_deeppaint.utils import programs

_OUTPUT = flags.DEFINE_string("output", "docs/pictures/studio.png", "The picture.")

EXAMPLE, WIDTH, HEIGHT, PATIENCE = 1, 1280, 920, 300


def main() -> None:
    from tf_deeppaint.utils.errors import DeepPaintError
    from tf_deeppaint.utils.files import write_bytes

    browser = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if None in browser:
        raise DeepPaintError("no chromium and chromedriver found; install them")
    command = [sys.executable, "-m", "tf_deeppaint.studio", "--port=0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as studio:
        try:
            address = studio.stdout.readline().split()[5]
            write_bytes(_OUTPUT.value, _photograph(address, *browser))
        finally:
            studio.terminate()
    print(_OUTPUT.value)


def _photograph(address: str, chromium: str, chromedriver: str) -> bytes:
    """The page once an example has been colored, PNG."""
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    options = ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", f"--window-size={WIDTH},{HEIGHT}"):
        options.add_argument(argument)

    def drawn(browser: Chrome, place: str) -> bool:
        """Whether all pictures at a place are there; at least one must be."""
        script = (
            "const found = [...document.querySelectorAll(arguments[0] + ' img')];"
            "return found.length > 0 && found.every((i) => i.complete && i.naturalWidth > 0)"
        )
        return browser.execute_script(script, place)

    with Chrome(options, Service(chromedriver)) as browser:
        browser.get(address)
        waiting = WebDriverWait(browser, PATIENCE)
        waiting.until(lambda browser: drawn(browser, "#examples"))
        browser.find_elements(By.CSS_SELECTOR, "#examples button")[EXAMPLE].click()
        for place in ("#picture", "#sketch", "#reference"):
            waiting.until(lambda browser, place=place: drawn(browser, place))
        # The mark of the time it took fades by itself.
        waiting.until(lambda b: not b.find_elements(By.CSS_SELECTOR, "#picture .eta-bar"))
        return browser.find_element(By.CSS_SELECTOR, ".gradio-container").screenshot_as_png


if __name__ == "__main__":
    programs.run(main)
