"""The page as a reader sees it: in a real Chromium, wide and narrow, light and dark, with and without JavaScript."""

import browser
import made_up_page as made_up
import pytest
from score_mlx.config.file import load
from score_mlx.report.page import Places, write_page

WIDTHS = {"desktop": 1280, "phone": 390}
OPEN_ALL = "document.querySelectorAll('details').forEach(d => d.open = true);"


@pytest.fixture(scope="module")
def driver():
    with browser.chromium() as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(tmp_path_factory, repo):
    """The page of the committed results, one of made-up results full of hostile text, one of nothing at all."""
    folder = tmp_path_factory.mktemp("pages")
    made_up.write(folder / "made")
    reference = repo / "results" / "reference"
    committed = Places(repo, reference, repo / "paper_figures" / "reference", reference / "runs", folder)
    write_page(folder / "reference.html", load(repo / "config.yaml"), committed)
    write_page(folder / "made_up.html", made_up.config(), made_up.places(folder / "made"))
    write_page(folder / "nothing.html", made_up.config(), made_up.places(folder / "none"))
    return folder


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", ["reference", "made_up", "nothing"])
def test_a_page_can_be_read(driver, pages, name, width, scheme):
    browser.show(driver, pages / f"{name}.html", WIDTHS[width], scheme)
    driver.execute_script(OPEN_ALL)
    seen, failing = driver.execute_script(browser.CONTRAST)
    assert seen > 100 and failing == []
    assert driver.execute_script(browser.TOO_WIDE) == []
    assert driver.execute_script(browser.BROKEN_IMAGES) == []
    assert driver.execute_script(browser.DEAD_ANCHORS) == []
    assert driver.get_log("browser") == []


@pytest.mark.parametrize("width", WIDTHS)
def test_it_is_the_same_without_javascript(driver, pages, width):
    browser.show(driver, pages / "made_up.html", WIDTHS[width])
    bounds, texts = browser.layout(driver)
    browser.show(driver, pages / "made_up.html", WIDTHS[width], scripts=False)
    assert browser.layout(driver) == (bounds, texts)
    assert len(bounds) > 500 and "In a minute" in texts


def test_what_is_folded_is_printed(driver, pages):
    browser.show(driver, pages / "made_up.html", WIDTHS["desktop"])
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    hidden = driver.execute_script(
        "return [...document.querySelectorAll('details table, details p')]"
        ".filter(e => !e.getBoundingClientRect().height).map(e => e.textContent)"
    )
    assert driver.execute_script("return document.querySelectorAll('details table').length") > 0
    assert hidden == []
    assert driver.execute_script("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_a_dark_page_is_dark(driver, pages):
    grounds = []
    for scheme in ("light", "dark"):
        browser.show(driver, pages / "nothing.html", WIDTHS["desktop"], scheme)
        grounds.append(driver.execute_script("return getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(255, 255, 255)", "rgb(16, 20, 24)"]


@pytest.mark.parametrize(
    ("body", "script", "finds"),
    [
        ("<p style='color: #888'>grey</p>", browser.CONTRAST, "3.54 < 4.5: grey"),
        ("<p style='color: #0000'>gone</p>", browser.CONTRAST, "1.00 < 4.5: gone"),
        ("<p style='background: #00f; color: #333'>on blue</p>", browser.CONTRAST, "on blue"),
        ("<div style='width: 2000px'>wide</div>", browser.TOO_WIDE, "wide"),
        ("<img src='data:image/png;base64,AAAA' alt='broken'>", browser.BROKEN_IMAGES, "broken"),
        ("<a href='#nowhere'>x</a>", browser.DEAD_ANCHORS, "#nowhere"),
        ("<a href='https://example.org'>x</a>", browser.DEAD_ANCHORS, "https://example.org"),
    ],
)
def test_the_checks_find_what_is_wrong(driver, tmp_path, body, script, finds):
    (tmp_path / "bad.html").write_text(f"<!doctype html><title>bad</title>{body}", encoding="utf-8")
    browser.show(driver, tmp_path / "bad.html", 1280)
    found = driver.execute_script(script)
    assert finds in str(found)


def test_scripts_can_be_switched_off(driver, tmp_path):
    page = (
        "<!doctype html><title>x</title><p>still</p><script>document.querySelector('p').textContent = 'moved'</script>"
    )
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    for scripts, text in ((True, "moved"), (False, "still")):
        browser.show(driver, tmp_path / "page.html", 1280, scripts=scripts)
        assert text in browser.layout(driver)[1]


def test_an_error_in_the_console_is_seen(driver, tmp_path):
    (tmp_path / "bad.html").write_text("<!doctype html><title>bad</title><script>nothing()</script>", encoding="utf-8")
    browser.show(driver, tmp_path / "bad.html", 1280)
    assert any("nothing is not defined" in line["message"] for line in driver.get_log("browser"))
