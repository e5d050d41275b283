"""The site: every lesson a page, made from stored outputs, readable in a browser that is offline."""

import re
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
import web_pages
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

README = """# A course

Read me. ![A picture](notebooks/images/one.png) <img src="notebooks/images/one.png" alt="The same">

## Start

`uv run kit lab`

## Lessons

### Basics

| 00 | [start](notebooks/00_start.ipynb) |
| 01 | [types](notebooks/01_types.ipynb) |

### Cases

| 02 | [filings](notebooks/02_filings.ipynb) |

## Not on the site

Secret plans.
"""


class Links(HTMLParser):
    """Collect what a page loads and where it leads."""

    def __init__(self):
        super().__init__()
        self.loads, self.leads = [], []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag in ("script", "img") and attrs.get("src"):
            self.loads.append(attrs["src"])
        if tag == "link" and "stylesheet" in attrs.get("rel", ""):
            self.loads.append(attrs["href"])
        if tag == "a" and attrs.get("href"):
            self.leads.append(attrs["href"])


def links(page: Path) -> Links:
    parser = Links()
    parser.feed(page.read_text(encoding="utf-8"))
    return parser


def notebook(title, *cells):
    language = {"language_info": {"name": "python", "pygments_lexer": "ipython3"}}
    return new_notebook(
        cells=[new_markdown_cell(f"# {title}\n\nIt costs $3 or $5."), *cells], metadata=language
    )


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Build the site of a course of three lessons, and return its folder."""
    root = tmp_path_factory.mktemp("course")
    (root / "notebooks" / "images").mkdir(parents=True)
    (root / "solutions").mkdir()
    (root / "data").mkdir()
    (root / "notebooks" / "images" / "one.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (root / "data" / "README.md").write_text("# Rows\n")
    (root / "README.md").write_text(README)
    shown = new_code_cell("6 * 7", outputs=[new_output("execute_result", {"text/html": "<b>forty-two</b>"})])
    leads = new_markdown_cell(
        "Next: [types](01_types.ipynb). The rows: [data](../data/README.md).\n\n[all](../README.md#lessons)"
    )
    exercise = [
        new_markdown_cell("## Exercises\n\n### Exercise 1.1 · Add (5 min)"),
        new_code_cell("# Exercise 1.1\nanswer = ..."),
        new_code_cell('with kit.check("1.1"):\n    assert answer == 2'),
    ]
    solved = new_code_cell("# Exercise 1.1\nanswer = 1 + 1")
    nbformat.write(notebook("Start", shown, leads), root / "notebooks" / "00_start.ipynb")
    nbformat.write(notebook("01 · Types", *exercise), root / "notebooks" / "01_types.ipynb")
    nbformat.write(notebook("Filings"), root / "notebooks" / "02_filings.ipynb")
    nbformat.write(notebook("Types", solved), root / "solutions" / "01_types.ipynb")
    web_pages.build(root / "built", root)
    return root / "built"


def test_pages_load_nothing_from_a_network(pages):
    """Scripts, styles and pictures lie beside the pages, so the site opens without a network."""
    for page in pages.rglob("*.html"):
        for address in links(page).loads:
            assert not address.startswith(("http", "//")), address
            assert (page.parent / address.partition("?")[0]).exists(), address


def test_links_between_pages_lead_somewhere(pages):
    """A link to a page or a picture of the site has a file at its end."""
    for page in pages.rglob("*.html"):
        for address in links(page).leads:
            target = address.partition("#")[0].partition("?")[0]
            assert target.startswith("http") or (page.parent / target).exists(), (page.name, address)


def test_the_map_follows_the_headings_of_the_readme(pages):
    """Lessons stand under the README's headings, each with its number, and what comes after is left out."""
    text = re.sub(r"<[^>]+>", "", (pages / "index.html").read_text())
    assert re.search(r"Basics\s+00 · Start\s+01 · Types\s+Cases\s+02 · Filings", text)
    assert "Secret plans" not in text


def test_outputs_are_shown_as_stored_and_dollars_stay_dollars(pages):
    """A page shows the HTML of an output, and prices are not taken for mathematics."""
    text = (pages / "notebooks" / "00_start.html").read_text()
    assert "<b>forty-two</b>" in text
    assert "It costs $3 or $5." in text


def test_a_file_without_a_page_is_named(pages):
    """A link into the repository becomes the file's name; a link to a lesson stays a link."""
    text = (pages / "notebooks" / "00_start.html").read_text()
    assert "data/README.md</span>" in text
    assert 'href="01_types.html"' in text
    assert 'href="../index.html#lessons"' in text


def test_solutions_are_folded_behind_their_checks(pages):
    """A reader opens the solution when they want it."""
    text = (pages / "notebooks" / "01_types.html").read_text()
    folded = text.partition("<details><summary>Solution</summary>")[2].partition("</details>")[0]
    assert "answer = 1 + 1" in re.sub(r"<[^>]+>", "", folded)


def test_every_lesson_has_a_page_in_the_map():
    """The README's list of lessons is whole, so that no lesson is left out of the map."""
    text = (web_pages.ROOT / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"\(notebooks/(\d\d_\w+\.ipynb)\)", text.partition("\n## Lessons\n")[2])
    assert set(listed) >= {lesson.notebook.name for lesson in web_pages.lessons(web_pages.ROOT)}


def test_what_is_missing_is_named(tmp_path, monkeypatch):
    """Without Sphinx, one line names the extra to ask for."""
    monkeypatch.setitem(__import__("sys").modules, "sphinx.application", None)
    with pytest.raises(web_pages.NoSite, match="uv run --extra site python notebooks/web_pages"):
        web_pages.build(tmp_path / "out")
