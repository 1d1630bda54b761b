"""What the tests of the status page in Chromium share."""

import base64
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))

import promshm_testing as testing  # noqa: E402

SCHEMES = ("light", "dark")
WIDE = (1280, 900)
NARROW = (390, 844)

_CHROMIUM = "/usr/bin/chromium"
_DRIVER = "/usr/bin/chromedriver"


def start_browser():
    """A headless Chromium; skips the script where it cannot be driven."""
    if not pathlib.Path(_CHROMIUM).exists():
        testing.skip("chromium is not installed")
    if not pathlib.Path(_DRIVER).exists():
        testing.skip("chromium-driver is not installed")
    try:
        from selenium import webdriver
        from selenium.webdriver.chrome.options import Options
        from selenium.webdriver.chrome.service import Service
    except ImportError:
        testing.skip("python3-selenium is not installed")
    options = Options()
    options.binary_location = _CHROMIUM
    for argument in ("--headless=new", "--no-sandbox", "--hide-scrollbars",
                     "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service(_DRIVER), options=options)
    driver.set_page_load_timeout(30)
    driver.set_script_timeout(30)
    return driver


class PageTest(unittest.TestCase):
    """A test case with a browser, whose console has to stay empty."""

    @classmethod
    def setUpClass(cls):
        cls.driver = start_browser()
        cls.addClassCleanup(cls.driver.quit)

    def setUp(self):
        self.driver.get("about:blank")
        self.show(WIDE, "light")
        self.console()

    def tearDown(self):
        self.assertEqual(self.console(), [], "the console")

    def console(self):
        """What the console says since it was last asked."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def open(self, server, fragment=""):
        self.driver.get(f"http://127.0.0.1:{server.port}/{fragment}")

    def show(self, size, scheme):
        width, height = size
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia",
            {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1,
             "mobile": width < 500})

    def screenshot(self, name):
        folder = pathlib.Path(os.environ.get("PROMSHM_SCREENSHOTS") or
                              testing.options.screenshots)
        folder.mkdir(parents=True, exist_ok=True)
        width, height = self.js(
            "return [document.documentElement.clientWidth,"
            " Math.min(document.documentElement.scrollHeight, 2400)]")
        picture = self.driver.execute_cdp_cmd(
            "Page.captureScreenshot",
            {"captureBeyondViewport": True,
             "clip": {"x": 0, "y": 0, "width": width, "height": height,
                      "scale": 1}})
        (folder / f"{name}.png").write_bytes(base64.b64decode(picture["data"]))

    def screenshots(self, name):
        """Of every size and colour scheme."""
        for size in WIDE, NARROW:
            for scheme in SCHEMES:
                self.show(size, scheme)
                self.screenshot(f"{name}-{size[0]}-{scheme}")
        self.show(WIDE, "light")

    # What the page shows

    def js(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def text(self, selector="body"):
        """The text of the first element, as it is shown; '' where it is not."""
        return next(iter(self.texts(selector)), "")

    def texts(self, selector):
        """The texts of all elements that are shown."""
        return self.js(
            "return [...document.querySelectorAll(arguments[0])]"
            ".filter((node) => node.getClientRects().length > 0)"
            ".map((node) => node.innerText)", selector)

    def family_names(self):
        return self.texts("#families button.family")

    def wait_for(self, condition, what, seconds=30):
        return testing.wait_for(condition, seconds, what)

    def wait_for_family(self, name):
        self.wait_for(lambda: name in self.family_names(), name)

    def family(self, name):
        """The table body of a family: its row and, opened, its series."""
        return self.js(
            "return [...document.querySelectorAll('#families tbody')].find("
            "(body) => body.querySelector('.family')?.innerText ==="
            " arguments[0])", name)

    def figure(self, family):
        """The number of a family's value."""
        return float(self.js(
            "return arguments[0].querySelector('.figures span').innerText",
            self.family(family)).replace(",", ""))

    def open_family(self, name):
        self.js("arguments[0].querySelector('.family').click()",
                self.family(name))
        self.wait_for(lambda: self.series(name), f"series of {name}")

    def series(self, name):
        """The labels of the series that are shown of an open family."""
        return self.js(
            "return [...arguments[0].querySelectorAll('.series .labels')]"
            ".map((cell) => cell.innerText)", self.family(name))

    def filter(self, text):
        self.js("const input = document.querySelector('#filter');"
                "input.value = arguments[0];"
                "input.dispatchEvent(new Event('input', {bubbles: true}));",
                text)

    def press(self, button, within):
        """Presses the pager's button of that name."""
        self.js("[...arguments[1].querySelectorAll('.pager button')].find("
                "(button) => button.innerText === arguments[0]).click()",
                button, within)

    def element(self, selector):
        return self.js("return document.querySelector(arguments[0])", selector)
