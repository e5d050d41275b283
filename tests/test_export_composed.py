"""A case that is composed of others takes them along, and stands alone with them."""

import re

import pytest

from kit import export
from kit.export import projects
from kit.export.catalogue import cases

FILES = {
    "kit/cases/colours.py": '"""Colours: what is blue."""\n\nBLUE = "sky"\n',
    "kit/cases/shapes/__init__.py": '"""Shapes: what is round."""\n\n'
    'from .names import ROUND\n\n__all__ = ["ROUND"]\n',
    "kit/cases/shapes/names.py": '"""Names: of round things."""\n\nROUND = "coin"\n',
    "kit/documents/__init__.py": '"""Documents: read with kit.documents."""\n',
    "kit/documents/pages.py": '"""Pages: of files."""\n\n'
    'from kit.documents.errors import Wrong\n\n__all__ = ["Wrong"]\n',
    "kit/documents/errors.py": '"""Errors: what can be wrong."""\n\n\n'
    'class Wrong(Exception):\n    """It is."""\n',
    "kit/cases/painter/__init__.py": '"""Painter: of round blue things."""\n\n'
    "from .program import Painter\n\n"
    '__all__ = ["Painter"]\n',
    "kit/cases/painter/program.py": '''"""Program: what is painted."""

import dspy

from .. import colours
from ..shapes import ROUND


class Painter(dspy.Module):
    """Paint."""

    def forward(self, thing):
        """Paint one."""
        return dspy.Prediction(painted=thing in (colours.BLUE, ROUND))
''',
    "kit/export/skeleton/cases/painter/project.toml": """about = "Round blue things."
composed_of = ["colours", "shapes"]
reads_files = true
dependencies = []
serves = "Served"
replies = []

[data]
folder = "things"
sample = "nothing"
files = []
""",
    "kit/export/skeleton/cases/painter/task.py": '''"""Task: one row."""

import dspy

from . import Painter
from .documents.pages import Wrong

RECORDED_MODEL = "test/model"
ADAPTER = dspy.JSONAdapter()
EXAMPLE = {"thing": "sky"}
REFUSED = Wrong


def programs():
    """Return what is compared."""
    return {"as written": Painter()}


def rows():
    """Return all rows."""
    return [dspy.Example(thing="coin").with_inputs("thing")]


def score(example, prediction, trace=None):
    """Compare."""
    return prediction.painted
''',
    "kit/export/skeleton/cases/painter/served.py": '''"""What is served."""

import dspy
from prototype import Painter
from pydantic import BaseModel


class Painted(BaseModel):
    """The answer."""

    painted: bool


class Served(dspy.Module):
    """Paint."""

    def forward(self, thing: str) -> Painted:
        """Paint one."""
        return Painted(painted=Painter()(thing=thing).painted)
''',
    "data/things/README.md": "# Things\n\nAuthored for this project.\n",
    "LICENSE": "MIT",
}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Return a case of three parts, exported under another name."""
    root = tmp_path_factory.mktemp("kit")
    for place, text in FILES.items():
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return export.case("painter", tmp_path_factory.mktemp("out") / "mine", package="mine", root=root)


def test_its_evaluation_runs_on_what_it_took_along(project):
    """The export proves itself in a process that sees nothing of the kit."""
    assert project.table.splitlines()[-1] == "score  100.0 % [100.0, 100.0], n=1"


def test_the_others_lie_beneath_it(project):
    """Modules and folders keep their names, and the README lists them all."""
    inside = project.folder / "src" / "mine"
    places = ("colours.py", "shapes/names.py", "documents/pages.py", "program.py")
    assert all((inside / place).exists() for place in places)
    assert "| shapes/names.py | Names: of round things. |" in (project.folder / "README.md").read_text(
        encoding="utf-8"
    )


def test_imports_lead_to_where_the_others_now_lie(project):
    """One package up becomes here, and the kit's name is gone."""
    inside = project.folder / "src" / "mine"
    assert "from . import colours\nfrom .shapes import ROUND" in (inside / "program.py").read_text(
        encoding="utf-8"
    )
    assert "from mine.documents.errors import Wrong" in (inside / "documents" / "pages.py").read_text(
        encoding="utf-8"
    )
    assert not any("kit.documents" in path.read_text(encoding="utf-8") for path in inside.rglob("*.py"))


def test_what_was_taken_along_is_otherwise_unchanged(project):
    """A prototype reads in the project as it read in the workshop."""
    names = project.folder / "src" / "mine" / "shapes" / "names.py"
    assert names.read_text(encoding="utf-8") == FILES["kit/cases/shapes/names.py"]


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_no_file_of_a_project_imports_kit(case, tmp_path):
    """The tests of a project run here, where `kit` is installed: they would not notice."""
    projects._gather(case, "stands_alone", tmp_path)
    sources = {path: path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.py")}
    assert [
        path for path, code in sources.items() if re.search(r"^\s*(from|import) kit\b", code, re.MULTILINE)
    ] == []
