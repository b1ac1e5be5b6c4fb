"""The page in headless Chromium: widths, colour schemes, contrast, sorting, the console."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from varproof.campaign.report import collect, diff, write_html

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
SCHEMES = {"dark": 0, "light": 1}  # Chromium's numbers for preferredColorScheme

PROBE = """
<script>
function parsed(text) { return text.match(/[\\d.]+/g).map(Number); }
function light(c) {
  var l = c.slice(0, 3).map(function (v) {
    v /= 255;
    return v <= 0.03928 ? v / 12.92 : Math.pow((v + 0.055) / 1.055, 2.4);
  });
  return 0.2126 * l[0] + 0.7152 * l[1] + 0.0722 * l[2];
}
function behind(node) {
  for (; node; node = node.parentElement) {
    var c = parsed(getComputedStyle(node).backgroundColor);
    if (c.length < 4 || c[3] === 1) return c;
  }
  return [255, 255, 255];
}
function contrast(node) {
  var style = getComputedStyle(node), svg = node instanceof SVGElement;
  var a = light(parsed(svg ? style.fill : style.color)), b = light(behind(node));
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}
window.addEventListener("load", function () {
  document.querySelectorAll("details").forEach(function (one) { one.open = true; });
  var poorest = 99, where = "";
  document.querySelectorAll("body *").forEach(function (node) {
    var own = Array.from(node.childNodes).some(function (c) { return c.nodeType === 3 && c.data.trim(); });
    if (!own || /^(SCRIPT|STYLE|title|desc)$/.test(node.tagName)) return;
    if (node.closest("svg.away")) return;  // shown by <use>, whose copy the style sheet must reach too
    var found = contrast(node);
    if (found < poorest) { poorest = found; where = node.outerHTML.slice(0, 120); }
  });
  var table = document.querySelector("table.sortable"), order = [];
  function names() { return Array.from(table.tBodies[0].rows).map(function (r) { return r.cells[0].textContent; }); }
  order.push(names());
  var button = table.tHead.rows[0].cells[3].querySelector("button");
  button.click(); order.push(names());
  button.click(); order.push(names());
  var said = table.tHead.rows[0].cells[3].getAttribute("aria-sort");
  var wide = Array.from(document.querySelectorAll("body *")).filter(function (node) {
    return !node.closest(".scroll, pre, .skip") && node.getBoundingClientRect().right > innerWidth + 1;
  }).map(function (node) { return node.outerHTML.slice(0, 80); });
  parent.postMessage({
    width: innerWidth, scroll: document.documentElement.scrollWidth, wide: wide.slice(0, 3), poorest: poorest,
    where: where, paper: getComputedStyle(document.body).backgroundColor, order: order, sort: said
  }, "*");
});
</script>
</body>"""

FRAME = """<!doctype html><body style="margin:0"><pre id="found"></pre>
<iframe src="probed.html" style="border:0;width:{width}px;height:900px"></iframe>
<script>addEventListener("message", function (e) {{
  document.getElementById("found").textContent = JSON.stringify(e.data);
}});
</script></body>"""


def looked_at(folder: Path, width: int, scheme: str) -> dict:
    """What the page `folder`/r.html says about itself in a frame of this width; fails on anything in the console."""
    text = (folder / "r.html").read_text()
    (folder / "probed.html").write_text(text.replace("</body>", PROBE))
    (folder / "frame.html").write_text(FRAME.format(width=width))
    done = subprocess.run(
        [
            str(CHROMIUM),
            *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr"),
            f"--user-data-dir={folder / 'profile'}",
            f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}",
            *("--window-size=1400,1000", "--virtual-time-budget=10000", "--dump-dom", (folder / "frame.html").as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert not re.search(r"CONSOLE", done.stderr), done.stderr
    found = re.search(r'<pre id="found">(.+?)</pre>', done.stdout, re.DOTALL)
    assert found is not None, done.stderr
    return json.loads(found[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))


@pytest.mark.slow
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_fits_reads_and_sorts(made, tmp_path, width, scheme):
    claims, rows = made.three()
    long = made.claim("a_claim_with_a_name_" + "that_does_not_end_" * 4, 1, statement="x" * 300, falsified=())
    chunk = next(row[0] for row in made.rows([long]))
    rows = [*rows, (chunk, "lost", None, "killed by signal 9", {"keys": 7})]
    few = made.claim("nine_hundred_cases", 1)  # as text 900 comes after 6000
    rows += [row for row in made.rows([few], cases=900) if row[0].arm == "iid"]
    claims = [*claims, long, few, made.claim("open")]
    rows += [(c, "pending", None, "", None) for c, *_ in made.rows(claims[-1:])]
    report = collect(made.store(rows), claims, store="a folder/" + "x" * 200 + ".db")
    write_html(
        report,
        tmp_path / "r.html",
        diff(collect(made.store(made.violated(made.rows(claims[:1], top=0.9), "softmax_move")), claims[:1]), report),
    )
    found = looked_at(tmp_path, width, scheme)
    assert found["width"] == width
    assert (found["scroll"] <= width, found["wide"]) == (True, [])
    assert found["poorest"] >= 4.5, found["where"]
    assert (found["paper"] == "rgb(255, 255, 255)") == (scheme == "light")
    ledger, up, down = found["order"]
    assert ledger == [claim.id for claim in claims]
    valid = {claim.id: sum(form.valid for form in claim.forms) for claim in report.claims}
    assert valid["nine_hundred_cases"] == 900
    assert [valid[name] for name in up] == sorted(valid.values())
    assert [valid[name] for name in down] == sorted(valid.values(), reverse=True)
    assert found["sort"] == "descending"
