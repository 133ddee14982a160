"""Everything a model or a spec says is hostile: it must be read, and do nothing."""

from __future__ import annotations

import ast
import inspect
import math
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from evalkit.records.exchange import Attempt
from evalkit.records.result import Failure, Result, Score
from evalkit.records.run import RuleVerdict, StoredRun
from evalkit.reporters import html_pieces, html_rows
from evalkit.reporters.html import TEMPLATES, content_hash
from evalkit.reporters.interface import one_line, visible
from tests.reporters.pages import Page, html_of, page_of
from tests.reporters.runs import a_call, a_column, a_failed_result, a_realistic_run, a_reply, a_run

TITLE = "document.title='owned'"
PAYLOAD = (
    f'</style></title></script><script>{TITLE}</script><img src=x onerror="{TITLE}"><svg onload="{TITLE}">'
    f"\" onmouseover='{TITLE}' x=\"<iframe src=http://evil.example></iframe><!-- {{{{ 7 * 7 }}}} {{% raw %}}"
    "<a href=javascript:alert(1)>x</a> ![x](http://evil.example/x.png) </details></main></body></html>"
)
HIDDEN = "\u202egnp.exe\u202c \x1b[31mred\x1b[0m \x1b]8;;http://evil.example\x07link \ud800 \x00 \u200b"
HOSTILE = PAYLOAD + HIDDEN
ELEMENTS = """
    html head meta title style body svg defs symbol path circle line text use main header footer section nav div span
    p b em small code h1 h2 h4 a dl dt dd ol ul li details summary table thead tbody tr th td
"""
ATTRIBUTES = """
    lang charset http-equiv content name class id aria-hidden aria-label aria-labelledby role tabindex dir href scope
    viewbox d cx cy r x x1 x2 y y1 y2 text-anchor
"""


def a_hostile_run() -> StoredRun:
    """A run in which everything that can carry text carries the payload, and one reply is a line of 1 MB."""
    results = [_hostile(), a_failed_result("long", calls=(a_call(a_reply("A" * 1_000_000)),))]
    rules = (RuleVerdict(HOSTILE, "fails", HOSTILE),)
    columns = tuple(a_column([result], rules=rules) for result in results)
    words = {"id": HOSTILE, "started": HOSTILE, "version": HOSTILE, "command": HOSTILE, "notes": (HOSTILE,)}
    return a_run(results, columns=columns, exit_code=1, **words)


def _hostile() -> Result:
    part = Score(None, None, HOSTILE, "judge", HOSTILE, is_advisory=True)
    tools = ({"name": HOSTILE, HOSTILE: [HOSTILE]},)
    reply = a_reply(HOSTILE, reasoning=HOSTILE, finish_reason=HOSTILE, model=HOSTILE, tool_calls=tools)
    call = a_call(reply, HOSTILE, attempts=(Attempt(0.1, 0.0, HOSTILE), Attempt(0.2, 1.0)))
    params = {HOSTILE: HOSTILE, "n": math.nan}
    call = replace(call, request=replace(call.request, provider=HOSTILE, model=HOSTILE, params=params))
    return a_failed_result(
        HOSTILE,
        spec=HOSTILE,
        variant=HOSTILE,
        model=HOSTILE,
        scores=(Score(0.0, False, HOSTILE, HOSTILE, HOSTILE, parts=(part,)),),
        calls=(call, replace(call, role="judge")),
        error=Failure(HOSTILE, HOSTILE),
        tags=(HOSTILE,),
    )


def assert_harmless(page: Page) -> None:
    """The page has our elements and attributes and no others; nothing in it leads out of it."""
    assert {element.tag for element in page.elements} <= set(ELEMENTS.split())
    assert {name for element in page.elements for name in element.attributes} <= set(ATTRIBUTES.split())
    links = [element.attributes["href"] or "" for element in page.elements if "href" in element.attributes]
    ids = [element.attributes["id"] for element in page.elements if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    assert {link.removeprefix("#") for link in links} <= set(ids)
    assert all(link.startswith("#") for link in links)


@pytest.mark.parametrize("run", [a_hostile_run(), a_realistic_run(), a_run([])], ids=["hostile", "realistic", "empty"])
def test_no_page_has_scripts_frames_images_handlers_inline_styles_or_links_out(run: StoredRun) -> None:
    page = page_of(run)
    assert_harmless(page)
    assert not [value for element in page.elements for value in element.attributes.values() if "http" in (value or "")]


def test_hostile_text_is_read_as_it_was_written_with_nothing_hidden() -> None:
    page = page_of(a_hostile_run())
    shown = visible(HOSTILE)
    assert shown.endswith("⟨U+202E⟩gnp.exe⟨U+202C⟩ red link ⟨U+D800⟩ ⟨U+0000⟩ ⟨U+200B⟩")
    said = [element.text for element in page.of_class("said")]
    assert said[1:3] == [shown, shown], "the question and the reply"
    assert [reason.text for reason in page.of_class("why")][:2] == [one_line(HOSTILE, 2_000)] * 2


NASTY = st.sampled_from(
    [PAYLOAD, HIDDEN, "<", ">", "&", "&lt;", '"', "'", "\r\n", "\r", "]]>", "{{", "<!--", "\x0b", "\u2028"]
)
ANY_TEXT = st.lists(st.text(st.characters(exclude_categories=())) | NASTY, max_size=4).map("".join)


@settings(max_examples=150, deadline=None)
@given(ANY_TEXT, ANY_TEXT, ANY_TEXT)
@example("\ud800", "\n\n", "<script>")
def test_no_text_ever_becomes_markup(reply: str, case: str, reason: str) -> None:
    page = page_of(a_run([a_failed_result(case, reason, calls=(a_call(a_reply(reply), reply),))], exit_code=1))
    assert_harmless(page)
    assert [element.text for element in page.of_class("said")][1:] == [visible(reply)] * 2
    assert page.of_class("case")[0].text == one_line(case, 200)
    assert page.of_class("why")[0].text == one_line(reason, 2_000)


def _lets_only_html_in(value: ast.expr, writers: set[str]) -> bool:
    """Whether an interpolated expression is HTML: a constant, a number, or made by `shown` and those that use it."""
    match value:
        case ast.Constant():
            return True
        case ast.IfExp():
            return all(_lets_only_html_in(branch, writers) for branch in (value.body, value.orelse))
        case ast.Call(ast.Attribute(ast.Constant(""), "join"), [ast.Call(ast.Name("map"), [ast.Name(name), _])]):
            return name in writers
        case ast.Call(ast.Name(name)):
            return name in writers
    return False


def test_no_text_gets_into_a_row_but_through_shown() -> None:
    trees = [ast.parse(inspect.getsource(module)) for module in (html_pieces, html_rows)]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    writers = {node.name for node in nodes if isinstance(node, ast.FunctionDef)} | {"int"}
    interpolated = [node.value for node in nodes if isinstance(node, ast.FormattedValue)]
    assert len(interpolated) > 40
    assert [ast.unparse(value) for value in interpolated if not _lets_only_html_in(value, writers)] == []


def test_the_policy_allows_the_one_style_element_and_nothing_else() -> None:
    page = page_of(a_realistic_run())
    (style,) = [element.text for element in page.elements if element.tag == "style"]
    (policy,) = [element.attributes["content"] for element in page.elements if "http-equiv" in element.attributes]
    assert policy == f"default-src 'none'; style-src '{content_hash(style)}'; base-uri 'none'; form-action 'none'"
    assert content_hash("") == "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="


def test_texts_of_others_keep_their_direction_to_themselves() -> None:
    page = page_of(a_realistic_run())
    assert {element.attributes.get("dir") for element in page.of_class("said") + page.of_class("reply")} == {"auto"}
    style = page.text_of("style")
    for name in ("reply", "said"):
        assert "unicode-bidi: isolate" in re.findall(rf"^\.{name} {{[^}}]*}}", style, re.MULTILINE)[0]


def test_every_ink_is_legible_on_every_paper() -> None:
    """Contrast of at least 4.5:1 (WCAG 2, success criterion 1.4.3), in light and in dark."""
    style = (TEMPLATES / "report.css").read_text("utf-8")
    colours = {name: (light, dark) for name, light, dark in re.findall(r"--(\w+): light-dark\((#\w+), (#\w+)\)", style)}
    inks = ("ink", "quiet", "accent", "pass", "fail", "error", "warn")
    for ink in inks:
        for paper in ("paper", "wash"):
            for scheme in (0, 1):
                assert _contrast(colours[ink][scheme], colours[paper][scheme]) >= 4.5, (ink, paper, scheme)


def _contrast(one: str, other: str) -> float:
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _chromium() -> str:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found:
        return found
    if os.environ.get("CI"):
        pytest.fail("CI must have Chromium")
    pytest.skip("Chromium is not installed")


@pytest.mark.browser
def test_a_browser_runs_nothing_of_a_hostile_report_and_opens_the_row_of_a_deep_link(tmp_path: Path) -> None:
    source = html_of(a_hostile_run())
    (tmp_path / "index.html").write_text(source, encoding="utf-8", newline="\n")
    written = Page(source)
    row = written.of_class("opened")[1].attributes["id"]
    flags = "--headless --no-sandbox --disable-gpu --disable-background-networking --virtual-time-budget=2000"
    logging = f"--enable-logging=stderr --v=0 --user-data-dir={tmp_path / 'profile'}"
    command = [_chromium(), *flags.split(), *logging.split(), "--dump-dom", f"file://{tmp_path}/index.html#{row}"]
    done = subprocess.run(command, capture_output=True, check=True, timeout=60)

    assert "CONSOLE" not in done.stderr.decode(errors="replace"), "neither a script nor the policy had anything to say"
    seen = Page(done.stdout.decode("utf-8"))
    assert seen.text_of("title") == written.text_of("title")
    rows = [element for element in seen.elements if "trial" in element.classes]
    assert ["open" in element.attributes for element in rows] == [False, True]
    assert [element.tag for element in seen.elements] == [element.tag for element in written.elements]
    assert seen.reading.split() == written.reading.split()
