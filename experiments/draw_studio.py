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
# Whether all pictures of an element are there; at least one must be.
ARE_DRAWN = """
const pictures = [...document.querySelectorAll(arguments[0] + ' img')];
return pictures.length > 0 && pictures.every((i) => i.complete && i.naturalWidth > 0)
"""


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
            write_bytes(_OUTPUT.value, photograph(address, *browser))
        finally:
            studio.terminate()
    print(_OUTPUT.value)


def photograph(address: str, chromium: str, chromedriver: str) -> bytes:
    """The page once an example has been colored, PNG."""
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.by import By
    from selenium.webdriver.support.ui import WebDriverWait

    options = ChromeOptions()
    options.binary_location = chromium
    for argument in ("--headless=new", "--no-sandbox", f"--window-size={WIDTH},{HEIGHT}"):
        options.add_argument(argument)
    with Chrome(options, Service(chromedriver)) as browser:
        browser.get(address)
        wait = WebDriverWait(browser, PATIENCE).until
        wait(lambda _: browser.execute_script(ARE_DRAWN, "#examples"))
        browser.find_elements(By.CSS_SELECTOR, "#examples button")[EXAMPLE].click()
        for element in ("#picture", "#sketch", "#reference"):
            wait(lambda _, element=element: browser.execute_script(ARE_DRAWN, element))
        # The mark of the time it took fades by itself.
        wait(lambda _: not browser.find_elements(By.CSS_SELECTOR, "#picture .eta-bar"))
        return browser.find_element(By.CSS_SELECTOR, ".gradio-container").screenshot_as_png


if __name__ == "__main__":
    programs.run(main)
