"""A real Chromium for tests of the page, and what is measured in it.

python tests/browser.py PAGE FOLDER writes page_wide.png and page_narrow.png, the first screens of a page.
"""

import base64
import io
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")

# Every text that can be seen, with the lowest contrast that WCAG AA allows it and the one it has. The ground is what
# lies behind: colours that are partly transparent are laid over those of the elements around.
CONTRAST = """
const channels = text => { const n = text.match(/[\\d.]+/g).map(Number); return n.length > 3 ? n : [...n, 1]; };
const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
const linear = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
const light = c => 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
const page = matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18, 1] : [255, 255, 255, 1];
const ground = element => {
  const layers = [];
  for (let e = element; e; e = e.parentElement) layers.push(channels(getComputedStyle(e).backgroundColor));
  return layers.reduceRight((below, top) => over(top, below), page);
};
const failing = [];
let seen = 0;
const judge = (element, style, text) => {
  const behind = ground(element), front = over(channels(style.color), behind);
  const [dark, bright] = [light(front), light(behind)].sort((a, b) => a - b);
  const size = parseFloat(style.fontSize), bold = parseInt(style.fontWeight) >= 700;
  const needed = size >= 24 || (bold && size >= 18.66) ? 3 : 4.5, ratio = (bright + 0.05) / (dark + 0.05);
  seen += 1;
  if (ratio < needed) failing.push(`${ratio.toFixed(2)} < ${needed}: ${text.trim().slice(0, 60)}`);
};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || !element.checkVisibility({visibilityProperty: true})) continue;
  judge(element, getComputedStyle(element), walker.currentNode.data);
}
for (const element of document.querySelectorAll('[data-head]')) {
  const style = getComputedStyle(element, '::before');
  if (style.content !== 'none') judge(element, style, style.content);
}
return [seen, failing];
"""
BROKEN_IMAGES = "return [...document.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.alt || i.src);"
DEAD_ANCHORS = """
return [...document.querySelectorAll('a[href]')].map(a => a.getAttribute('href'))
  .filter(href => !href.startsWith('#') || !document.getElementById(decodeURIComponent(href.slice(1))));
"""
# What stands out of the page to the right, boxes that scroll by themselves left out.
TOO_WIDE = """
const width = document.documentElement.clientWidth;
const wide = [...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > width + 1
  && e.checkVisibility() && !e.closest('.scroll') && !e.classList.contains('unseen'));
const page = document.documentElement.scrollWidth > width ? ['the page scrolls'] : [];
return page.concat(wide.map(e => `${e.tagName} ${e.className} ${e.textContent.trim().slice(0, 40)}`));
"""


@contextmanager
def chromium():
    """A driver of a fresh, headless Chromium; the test is skipped where there is none."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    driver = shutil.which("chromedriver")
    if not program or not driver:
        lacking = "chromedriver" if program else "Chromium"
        pytest.skip(f"{lacking} is not installed (Debian: apt install chromium chromium-driver)")
    from selenium.webdriver import Chrome, ChromeOptions
    from selenium.webdriver.chrome.service import Service

    options = ChromeOptions()
    options.binary_location = program
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        for flag in (*FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        opened = Chrome(options=options, service=Service(driver))
        try:
            yield opened
        finally:
            opened.quit()


def show(driver, path: Path, width: int, scheme: str = "light", scripts: bool = True):
    """Open a page at a width, in a colour scheme, with or without JavaScript."""
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    scheme_wanted = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme_wanted})
    driver.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not scripts})
    driver.get(path.resolve().as_uri())


def layout(driver) -> tuple[list, list]:
    """Every box of the page, x, y, width and height, and every text; taken without running anything in the page."""
    taken = driver.execute_cdp_cmd("DOMSnapshot.captureSnapshot", {"computedStyles": []})
    boxes = taken["documents"][0]["layout"]
    return boxes["bounds"], [taken["strings"][place] for place in boxes["text"] if place >= 0]


def screen(driver, path: Path) -> None:
    """The part of a page that is seen first, as a small .png."""
    from PIL import Image

    taken = driver.execute_cdp_cmd("Page.captureScreenshot", {})["data"]
    Image.open(io.BytesIO(base64.b64decode(taken))).convert("RGB").quantize(128).save(path, optimize=True)


if __name__ == "__main__":
    page, folder = map(Path, sys.argv[1:])
    with chromium() as opened:
        for name, width, scheme in (("wide", 1280, "light"), ("narrow", 390, "dark")):
            show(opened, page, width, scheme)
            screen(opened, folder / f"page_{name}.png")
