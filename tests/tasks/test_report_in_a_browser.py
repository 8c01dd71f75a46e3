"""The report in a real browser: nothing is missing, nothing complains, and it fits a phone."""

import html
import json
import re
import shutil
import subprocess

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next((path for path in map(shutil.which, NAMES) if path), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason=f"none of the browsers {', '.join(NAMES)} is installed")
PROBE = """<script>
window.addEventListener("load", () => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  all("details").forEach((one) => (one.open = true));
  const wide = document.documentElement.clientWidth;
  const scrolls = (one) => one && (getComputedStyle(one).overflowX === "auto" || scrolls(one.parentElement));
  const sticksOut = (one) => one.getBoundingClientRect().right > wide + 1 && !scrolls(one);
  parent.postMessage({
    wide,
    scroll: document.documentElement.scrollWidth,
    pictures: document.images.length,
    broken: all("img").filter((one) => !one.complete || one.naturalWidth === 0).map((one) => one.alt),
    outside: all("header *, main *").filter(sticksOut).map((one) => one.outerHTML.slice(0, 80)),
    sketches: all(".sketches .front").map((one) => one.getBBox().height),
    headings: all("h2").map((one) => one.textContent),
    colours: all("article .dot").map((one) => getComputedStyle(one).backgroundColor),
  }, "*");
});
</script>"""
FRAME = """<!doctype html><meta charset="utf-8"><script>
window.addEventListener("message", (event) => {
  document.querySelector("pre").textContent = JSON.stringify(event.data);
});
</script><pre></pre><iframe src="probed.html" width="%d" height="900" style="border: 0"></iframe>"""


def visit(page, folder, width):
    """Open a page with the probe in it; what the probe found, and the lines of the browser's console."""
    text = page.read_text(encoding="utf-8").replace("</body>", PROBE + "</body>").replace(' loading="lazy"', "")
    (folder / "probed.html").write_text(text, encoding="utf-8")
    # A window is at least 500 pixels wide; a frame in it is not.
    (folder / "frame.html").write_text(FRAME % width, encoding="utf-8")
    command = [
        *(BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage"),
        *(f"--user-data-dir={folder / 'profile'}", "--window-size=1400,1000", "--virtual-time-budget=20000"),
        *("--enable-logging=stderr", "--dump-dom", (folder / "frame.html").as_uri()),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    found = re.search(r"<pre>(.+?)</pre>", done.stdout, re.DOTALL)
    assert found, done.stderr[-2000:]
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(html.unescape(found[1])), console


@pytest.mark.parametrize("width", [1280, 390])
def test_the_report_is_whole_and_fits(evaluated, tmp_path, width):
    told, console = visit(evaluated / "reports/index.html", tmp_path, width)
    assert told["wide"] == width
    assert console == []
    assert told["pictures"] > 3 * 3 * 4
    assert told["broken"] == []
    assert told["outside"] == []
    assert told["scroll"] <= width
    assert len(told["sketches"]) == 6
    assert all(height > 20 for height in told["sketches"])
    for heading in ("How sure the order is", "Where the methods differ most", "How they learned", "3D models"):
        assert heading in told["headings"]
    assert len(set(told["colours"])) == 3


def test_what_is_broken_is_seen(evaluated, tmp_path):
    page = tmp_path / "broken.html"
    text = (evaluated / "reports/index.html").read_text(encoding="utf-8")
    wrong = """<img src="data:image/png;base64,AAAA" alt="no picture"><div style="width: 3000px">wide</div>
    <img src="gone.png" alt="gone"><script>console.error("a complaint");</script>"""
    page.write_text(text.replace("</main>", wrong + "</main>"), encoding="utf-8")
    told, console = visit(page, tmp_path, 390)
    assert told["broken"] == ["no picture", "gone"]
    assert told["outside"]
    assert told["scroll"] > 390
    assert any("a complaint" in line for line in console)
