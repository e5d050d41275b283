"""Every lesson as a web page, made from its stored outputs. Nothing is run or fetched.

    uv run --extra site python notebooks/web_pages.py build/site

Sphinx and MyST-NB do the work; the Furo theme brings map, search, next and previous, light and dark. What is
ours is the preparation: the map comes from the README's list of lessons, each exercise gets its solution,
folded, and links to files that have no page become names.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kit.project import ROOT
from kit.workshop.lab import LOOKS
from kit.workshop.lessons import CHECK, Lesson, exercise_cells, lessons

if TYPE_CHECKING:
    from nbformat import NotebookNode

_LINK = re.compile(r"(?<!!)\[(?P<words>[^\]]+)\]\((?P<target>[^)#\s]+)(?P<anchor>#[^)]*)?\)")
_PICTURE = re.compile(r"!\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_HTML_PICTURE = re.compile(r'src(?:set)?="(?P<target>[^":]+)"')
STYLE = """
@media (min-width: 82em) { .content { width: min(55em, 100vw - 36em); } }
.cell_output { overflow-x: auto; }
.cell_output table { width: auto; font-size: .85em; border: 0; border-collapse: collapse; }
.cell_output :is(td, th) { border: 0; border-bottom: 1px solid rgba(128, 128, 128, .3); padding: .3em .8em; }
.cell_output thead th { border-bottom: 2px solid rgba(128, 128, 128, .5); }
.cell_output pre { white-space: pre; }
details { margin: .75em 0; }
"""


class NoSite(RuntimeError):
    """The site cannot be built here; the message says what is missing."""


def build(folder: Path, root: Path = ROOT) -> Path:
    """Build the site in a folder, in place of an earlier one, and return its first page.

    Raises:
        NoSite: If Sphinx is not installed, or a page has a fault; the message lists the faults.
    """
    try:
        from sphinx.application import Sphinx
        from sphinx.util.console import nocolor
        from sphinx.util.docutils import docutils_namespace
    except ModuleNotFoundError as error:
        raise NoSite(
            f"The site needs {error.name}: run it as `uv run --extra site python notebooks/web_pages.py`."
        ) from None
    with tempfile.TemporaryDirectory() as scratch:
        source, faults = Path(scratch) / "source", Path(scratch) / "faults.txt"
        prepare(source, root)
        nocolor()
        with faults.open("w", encoding="utf-8") as said, docutils_namespace(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the extensions' own, about the next Sphinx
            app = Sphinx(
                str(source),
                confdir=None,
                outdir=str(folder),
                doctreedir=str(Path(scratch) / "doctrees"),
                buildername="html",
                confoverrides=settings(),
                status=None,
                warning=said,
                freshenv=True,
            )
            app.build(force_all=True)
        if listed := faults.read_text(encoding="utf-8").replace(f"{source}/", "").strip():
            raise NoSite(f"The site has faults:\n{listed}")
    return folder / "index.html"


def settings() -> dict[str, Any]:
    """Return Sphinx's settings: outputs as stored, dollars are no mathematics, nothing from a network."""
    return {
        "project": "DSPy workshop kit",
        "extensions": ["myst_nb"],
        "html_theme": "furo",
        "html_title": "DSPy workshop kit",
        "html_static_path": ["static"],
        "html_css_files": ["site.css"],
        "html_js_files": [(LOOKS.name, {"defer": "defer"})],
        "html_extra_path": ["as_it_is"],
        "html_show_sphinx": False,
        "html_show_copyright": False,
        "html_copy_source": False,
        "html_show_sourcelink": False,
        "html_show_search_summary": False,
        "myst_enable_extensions": [],
        "myst_heading_anchors": 3,
        "nb_execution_mode": "off",
        "nb_ipywidgets_js": {},
        "nb_merge_streams": True,
        "show_warning_types": True,
        "suppress_warnings": ["mystnb.unknown_mime_type", "misc.highlighting_failure"],
    }


def prepare(source: Path, root: Path = ROOT) -> None:
    """Write what Sphinx reads: a first page with the map, the lessons with their solutions, and pictures."""
    import nbformat

    (source / "static").mkdir(parents=True)
    (source / "as_it_is").mkdir()
    (source / "static" / "site.css").write_text(STYLE, encoding="utf-8")
    shutil.copy(LOOKS, source / "static")
    pages = lessons(root)
    for lesson in pages:
        notebook = nbformat.read(lesson.notebook, as_version=4)
        notebook.cells = list(_cells(notebook, lesson, source, root))
        target = source / "notebooks" / lesson.notebook.name
        target.parent.mkdir(exist_ok=True)
        nbformat.write(notebook, target)
    for page in _guide(root):
        target = source / page.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_linked(page.read_text(encoding="utf-8"), page, source, root), encoding="utf-8")
    readme = (root / "README.md").read_text(encoding="utf-8")
    (source / "index.md").write_text(first_page(readme, pages, source, root), encoding="utf-8")


def first_page(readme: str, pages: list[Lesson], source: Path, root: Path) -> str:
    """Return the first page: the README as far as its lessons, and a table of contents by its headings."""
    before, _, rest = readme.partition("\n## Lessons\n")
    listed = re.split(r"(?m)^## ", rest)[0]
    groups = re.split(r"(?m)^### (.+)$", listed)
    sections = list(zip(groups[1::2], groups[2::2], strict=True)) or [("Lessons", listed)]
    by_name = {lesson.notebook.name: lesson for lesson in pages}
    contents = [
        (
            title,
            [
                by_name[name]
                for name in re.findall(r"\(notebooks/(\d\d_\w+\.ipynb)\)", text)
                if name in by_name
            ],
        )
        for title, text in sections
    ]
    trees = "\n".join(_tree(title, listed_lessons) for title, listed_lessons in contents if listed_lessons)
    guide = "\n".join(str(page.relative_to(root).with_suffix("")) for page in _guide(root))
    trees += f"```{{toctree}}\n:hidden:\n:caption: Guide\n\n{guide}\n```\n" if guide else ""
    whole = f"{before}\n## Lessons\n{listed}\n{trees}"
    return _linked(whole, root / "README.md", source, root)


def _guide(root: Path) -> list[Path]:
    return sorted((root / "notebooks" / "guide").glob("*.md"))


def _tree(title: str, group: list[Lesson]) -> str:
    entries = "\n".join(f"{_title(lesson)} <notebooks/{lesson.notebook.stem}>" for lesson in group)
    return f"```{{toctree}}\n:hidden:\n:caption: {title}\n\n{entries}\n```\n"


def _title(lesson: Lesson) -> str:
    import nbformat

    heading = re.search(r"(?m)^# (.+)$", nbformat.read(lesson.notebook, as_version=4).cells[0].source)
    words = heading[1] if heading else lesson.notebook.stem
    return words if words.startswith(lesson.number) else f"{lesson.number} · {words}"


def _cells(notebook: NotebookNode, lesson: Lesson, source: Path, root: Path) -> Iterator[NotebookNode]:
    """Yield a lesson's cells with their links changed, and behind each check the solution, folded."""
    from nbformat.v4 import new_markdown_cell

    solved = _solutions(lesson)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _linked(cell.source, lesson.notebook, source, root)
        if cell is notebook.cells[0]:
            cell.source = re.sub(r"(?m)^# .+$", f"# {_title(lesson)}", cell.source, count=1)
        yield cell
        check = CHECK.match(cell.source) if cell.cell_type == "code" else None
        if check and (code := solved.get(check[1])):
            folded = f"<details><summary>Solution</summary>\n\n```python\n{code}\n```\n\n</details>"
            yield new_markdown_cell(folded)


def _solutions(lesson: Lesson) -> dict[str, str]:
    """Return the solved cell of each exercise."""
    import nbformat

    if lesson.solution is None:
        return {}
    solution = nbformat.read(lesson.solution, as_version=4)
    return {number: cell.source for number, cell in exercise_cells(solution).items()}


def _linked(text: str, page: Path, source: Path, root: Path) -> str:
    """Keep links to lessons and pictures, copy the pictures, and name every other file of the project."""

    def link(match: re.Match[str]) -> str:
        target = match["target"]
        if re.match(r"[a-z]+:", target):
            return match[0]
        path = (page.parent / target).resolve().relative_to(root.resolve())
        if path == Path("README.md"):
            up = "../" * len(page.relative_to(root).parent.parts)
            return f"[{match['words']}]({up}index.md{match['anchor'] or ''})"
        if (path.suffix == ".ipynb" and path.parent.name == "notebooks") or path.parent.name == "guide":
            anchor = re.sub(r"[^\w#-]", "", (match["anchor"] or "").lower())  # JupyterLab's to the site's
            return f"[{match['words']}]({target}{anchor})"
        if path.parent.name == "solutions" or path.name == "solutions":
            return match["words"]
        return f"{match['words']} (`{path}`)" if match["words"] != str(path) else f"`{path}`"

    for pattern, place in ((_PICTURE, source), (_HTML_PICTURE, source / "as_it_is")):
        for picture in pattern.finditer(text):
            path = (page.parent / picture["target"]).resolve()
            copy = place / path.relative_to(root.resolve())
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)
    return _LINK.sub(link, text)


if __name__ == "__main__":
    try:
        print(f"{build(Path(*sys.argv[1:] or ['build/site']))} is ready: open it in a browser.")
    except (OSError, NoSite) as error:
        sys.exit(str(error))
