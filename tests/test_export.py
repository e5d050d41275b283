"""An export stands alone: it runs, replays, scores and serves without `kit`, and overwrites nothing."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys

import dspy
import httpx
import pytest
from scripted import ScriptedEngine
from typer.testing import CliRunner

from kit import export
from kit.engines.llama import LlamaEngine
from kit.engines.recordings import Recordings
from kit.engines.replay import ReplayEngine, Rollouts
from kit.engines.server import Server
from kit.export import catalogue, files, projects
from kit.workshop import lessons
from kit.workshop.cli import app

PROTOTYPE = '''"""Colours: how a word for a colour is spelled out."""

import dspy


class Name(dspy.Signature):
    """Name the colour."""

    thing: str = dspy.InputField()
    colour: str = dspy.OutputField()
'''
TASK = '''"""Task: one program, two rows."""

import json
from pathlib import Path

import dspy

from .colours import Name

RECORDED_MODEL = "test/model"
ADAPTER = dspy.JSONAdapter()
EXAMPLE = {"thing": "sky"}


def programs():
    """Return what is compared."""
    return {"as written": dspy.Predict(Name)}


def rows():
    """Return all rows."""
    lines = (Path(__file__).with_name("data") / "colours.jsonl").read_text().splitlines()
    return [dspy.Example(json.loads(line)).with_inputs("thing") for line in lines]


def score(example, prediction, trace=None):
    """Compare."""
    return example.colour == prediction.colour
'''
SERVED = '''"""What is served."""

import dspy
from prototype.colours import Name
from prototype.model import lm
from pydantic import BaseModel


class Colour(BaseModel):
    """The answer."""

    colour: str


class Painter(dspy.Module):
    """Name a colour."""

    def __init__(self):
        self.name = dspy.Predict(Name)

    def forward(self, thing: str, place: str = "") -> Colour:
        """Name one; where it is does not matter."""
        with dspy.context(lm=lm(), adapter=dspy.JSONAdapter()):
            return Colour(colour=self.name(thing=thing).colour)
'''
DECLARED = """
about = "Colours by name."
dependencies = ["rich>=14"]
serves = "Painter"
replies = ["21.jsonl"]

[data]
folder = "colours"
sample = "the test rows"
files = []
rows = { file = "colours.jsonl", split = ["test"] }
"""
SHORTHAND = "message, words: int -> urgency: Literal['low', 'high'], why: list[str], score: float | None"
ROWS = [("sky", "blue", "test"), ("grass", "green", "test"), ("coal", "black", "train")]


class Name(dspy.Signature):
    """Name the colour."""

    thing: str = dspy.InputField()
    colour: str = dspy.OutputField()


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Return a folder that holds one small case, with replies recorded as `kit record` does it."""
    root = tmp_path_factory.mktemp("kit")
    place = root / "kit" / "export" / "skeleton" / "cases" / "colours"
    write(root / "kit" / "cases" / "colours.py", PROTOTYPE)
    write(root / "kit" / "cases" / "colours.json", "{}")
    for name, text in (("task.py", TASK), ("served.py", SERVED), ("project.toml", DECLARED)):
        write(place / name, text)
    rows = ({"thing": thing, "colour": colour, "split": split} for thing, colour, split in ROWS)
    write(root / "data" / "colours" / "colours.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    write(root / "data" / "colours" / "README.md", "# Colours\n\nAuthored for this project.\n")
    write(root / "LICENSE", "MIT")
    replies = root / "data" / "replies"
    live = ScriptedEngine(*('{"colour": "blue"}' for _ in ROWS))
    engine = ReplayEngine(live, Recordings(replies, replies / "21.jsonl"))
    options = {"cache": False, "callbacks": [Rollouts()], "temperature": 0.0, "max_tokens": 1000}
    with dspy.context(lm=dspy.LM("test/model", engine=engine, **options), adapter=dspy.JSONAdapter()):
        for thing, *_ in ROWS:
            dspy.Predict(Name)(thing=thing)
    return root


@pytest.fixture(scope="module")
def project(root, tmp_path_factory):
    """Return the small case as a project, under a name of its own."""
    return export.case("colours", tmp_path_factory.mktemp("out") / "paint", package="paint", root=root)


OFFLINE = catalogue.ROOT / "tests" / "offline"
ITS_SCORE = "test_the_score_is_the_one_in_the_readme"
CALLER = {"Authorization": "Bearer key-of-the-caller"}


@pytest.fixture(scope="module")
def triage(tmp_path_factory):
    """Return the folder of an empty project around a signature."""
    return export.new("triage", SHORTHAND, tmp_path_factory.mktemp("new") / "triage").folder


def pytest_in(folder, *options):
    """Run a project's own tests, as its owner would, with nothing but its dependencies in reach."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KIT_")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    return subprocess.run(
        command,
        cwd=folder,
        env=environment | {"PYTHONPATH": str(OFFLINE)},
        capture_output=True,
        text=True,
    )


@contextlib.contextmanager
def serving(folder, environment=None):
    """Start a project's server in a process of its own; a client is returned when it listens."""
    settings = {"DSPY_API_KEY": "key-of-the-caller", "PYTHONPATH": str(OFFLINE)} | (environment or {})
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("KIT_", "MODEL"))}
    command = [sys.executable, "serve.py", "0"]
    piped = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    with subprocess.Popen(command, cwd=folder, env=plain | settings, **piped) as process:
        try:
            said = []
            while not (said and said[-1].startswith("Serving at ")):
                said.append(process.stdout.readline())
                assert said[-1], "".join(said)
            with httpx.Client(base_url=said[-1].split()[2].rstrip(","), timeout=120) as client:
                yield client
        finally:
            process.kill()


def recording(folder, server):
    """Run a project's record.py against a server, as its owner would."""
    live = {"MODEL": "openai/local", "MODEL_API_BASE": server.url, "OPENAI_API_KEY": "sk-made-up-0123456789"}
    paths = os.pathsep.join(map(str, (folder / "src", OFFLINE)))
    return subprocess.run(
        [sys.executable, "record.py"],
        cwd=folder,
        env=os.environ | live | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )


def snippets(folder):
    """Return the Python of a project's README."""
    return re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def installed(folder, to):
    """Lay a project's package where an installer lays it: without the files around it."""
    shutil.copytree(next((folder / "src").iterdir()), to / next((folder / "src").iterdir()).name)
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("KIT_", "MODEL"))
    }
    return environment | {"PYTHONPATH": os.pathsep.join(map(str, (to, OFFLINE)))}


def answers_as_its_readme_says(folder, served):
    """Send the README's example, and compare the answer."""
    lines = (folder / "README.md").read_text(encoding="utf-8").splitlines()
    at = next(number for number, line in enumerate(lines) if line.strip().startswith("-d '")) - 1
    name = lines[at].split()[1].rpartition("/")[2]
    example = json.loads(lines[at + 1].strip().removeprefix("-d '").removesuffix("'"))
    assert served.post(f"/{name}", json=example).status_code == 401
    reply = served.post(f"/{name}", json=example, headers=CALLER)
    assert reply.status_code == 200, reply.text
    return reply.json() == json.loads(lines[at + 2])


class TestProject:
    def test_its_own_tests_pass_offline(self, project):
        """Tests, doctests, score and endpoint hold on recordings alone, in a process without network."""
        run = pytest_in(project.folder)
        assert run.returncode == 0, run.stdout
        assert "5 passed" in run.stdout

    def test_its_table_is_what_the_case_scores(self, project):
        """One of two rows is right, and the interval says how little that is."""
        assert project.table.splitlines() == [
            "       as written",
            "score  50.0 % [0.0, 100.0], n=2",
        ]
        assert project.table in repr(project)

    def test_it_does_not_need_the_kit(self, project):
        """No file of it imports `kit`, and its dependencies do not name it."""
        for path in project.folder.rglob("*.py"):
            assert "import kit" not in path.read_text(encoding="utf-8")
            assert "from kit" not in path.read_text(encoding="utf-8")
        assert '"rich>=14"' in (project.folder / "pyproject.toml").read_text(encoding="utf-8")

    def test_the_prototype_travels_unchanged(self, root, project):
        """What was read in the workshop is what arrives, its state included."""
        for name in ("colours.py", "colours.json"):
            source = root / "kit" / "cases" / name
            assert (project.folder / "src" / "paint" / name).read_bytes() == source.read_bytes()

    def test_only_what_it_asks_for_travels(self, project):
        """Rows of other splits and replies that no test needs stay behind."""
        inside = project.folder / "src" / "paint"
        for place in ("data/colours.jsonl", "recordings/replies.jsonl"):
            assert len((inside / place).read_text(encoding="utf-8").splitlines()) == 2

    def test_its_readme_shows_the_endpoint_at_work(self, project):
        """The answer in the README is one that the endpoint gave."""
        readme = (project.folder / "README.md").read_text(encoding="utf-8")
        assert '{"thing": "sky"}' in readme
        assert '{"colour": "blue"}' in readme
        assert "Recorded from test/model. Live, this evaluation is 2 calls with " in readme
        assert "| colours.py | Colours: how a word for a colour is spelled out. |" in readme

    def test_the_datasheet_says_that_it_is_a_sample(self, project):
        """Nobody takes the sample for the whole set."""
        sheet = (project.folder / "src" / "paint" / "data" / "README.md").read_text(encoding="utf-8")
        assert sheet.startswith("*A sample lies here: the test rows.")
        assert "Authored for this project." in sheet

    def test_it_can_be_used_from_another_project(self, project, tmp_path):
        """Its README's Python runs on the package alone: data and recordings lie in it."""
        environment = installed(project.folder, tmp_path)
        (snippet,) = snippets(project.folder)
        command = [sys.executable, "-c", snippet]
        run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert run.stdout.strip() == "colour='blue'", run.stderr

    def test_what_changes_is_recorded_again(self, project, tmp_path):
        """A changed prompt fails the tests until record.py has asked; old replies go, none is paid twice."""
        folder = shutil.copytree(project.folder, tmp_path / "mine")
        code = folder / "src" / "paint" / "colours.py"
        code.write_text(code.read_text(encoding="utf-8").replace("Name the colour.", "Say the colour."))
        assert "NoRecording" in pytest_in(folder).stdout
        engine = ScriptedEngine('{"colour": "green"}')
        with Server(engine, "test/scripted", "sk-made-up-0123456789") as server:
            run = recording(folder, server)
            assert run.returncode == 0, run.stderr
            recording(folder, server)
        assert len(engine.requests) == 2
        replies = folder / "src" / "paint" / "recordings" / "replies.jsonl"
        models = [json.loads(line)["model"] for line in replies.read_text(encoding="utf-8").splitlines()]
        assert models == ["openai/local"] * 2
        readme = (folder / "README.md").read_text(encoding="utf-8")
        assert "Recorded from openai/local." in readme
        assert '{"colour": "green"}' in readme
        assert '{"colour": "blue"}' not in readme
        passed = pytest_in(folder)
        assert passed.returncode == 0, passed.stdout

    def test_dspy_cli_finds_what_it_serves(self, project, monkeypatch):
        """The layout is the one that `dspy-cli serve` runs as it is."""
        from dspy_cli.config.validator import find_package_directory, validate_project_structure
        from dspy_cli.discovery import discover_modules

        assert validate_project_structure(project.folder)
        package = find_package_directory(project.folder)
        assert package.name == "paint"
        monkeypatch.setattr(sys, "path", [*sys.path])
        (found,) = discover_modules(package / "modules", "paint.modules")
        assert (found.name, found.is_forward_typed) == ("Painter", True)
        assert list(found.forward_output_fields) == ["colour"]

    def test_what_has_a_default_may_be_left_out(self, project):
        """Over HTTP as in Python; what has none is missed by name."""
        with serving(project.folder) as served:
            answer = served.post("/Painter", json={"thing": "sky"}, headers=CALLER)
            assert (answer.status_code, answer.json()) == (200, {"colour": "blue"})
            missing = served.post("/Painter", json={"place": "here"}, headers=CALLER)
            assert (missing.status_code, missing.json()["detail"][0]["loc"]) == (422, ["body", "thing"])

    def test_its_score_is_stored_for_the_list(self, root, project):
        """The list shows the score of the last program of the stored table."""
        place = root / "kit" / "export" / "skeleton" / "cases" / "colours" / "score.txt"
        place.write_text(project.table + "\n", encoding="utf-8")
        (case,) = export.cases(root)
        assert case.score == "as written: 50.0 % [0.0, 100.0], n=2"


class TestRefusals:
    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("Paint", "lower-case letters"),
            ("../paint", "lower-case letters"),
            ("a b", "lower-case letters"),
            ("", "lower-case letters"),
            ("class", "is a keyword"),
            ("match", "is a keyword"),
            ("json", "would hide"),
            ("dspy", "would hide"),
            ("tests", "would hide"),
            ("serve", "would hide"),
            ("record", "would hide"),
            ("pandas", "would hide"),
            ("task", "holds a module 'task', which would hide the package"),
            ("model", "holds a module"),
            ("modules", "holds a module"),
            ("colours", "holds a module"),
        ],
    )
    def test_a_package_cannot_have_any_name(self, root, tmp_path, name, reason):
        """A name that Python, or the project itself, needs is refused before anything is written."""
        with pytest.raises(export.BadProject, match=reason):
            export.case("colours", tmp_path / "out", package=name or "-", root=root)
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize("name", ["task", "model", "replay", "modules", "program", "metrics"])
    def test_a_new_project_cannot_have_the_name_of_its_own_module(self, tmp_path, name):
        """Served, the module would be found in the package's place, and every request would get a 404."""
        with pytest.raises(export.BadProject, match=f"holds a module '{name}'.*e.g. '{name}_desk'"):
            export.new(name, SHORTHAND, tmp_path / "out")
        assert not (tmp_path / "out").exists()

    @pytest.mark.parametrize("case", export.cases(), ids=lambda case: case.name)
    def test_no_case_brings_a_module_that_hides_another(self, case, tmp_path):
        """dspy-cli puts the package's own folder first on Python's path."""
        projects._gather(case, case.package, tmp_path)
        own = {path.stem for path in (tmp_path / "src" / case.package).iterdir()} - {"__init__"}
        assert not own & (set(sys.stdlib_module_names) | files.TAKEN | {case.package})

    def test_nothing_is_overwritten_unasked(self, root, project, tmp_path):
        """Files that are there stay; with force they are replaced, and others are left alone."""
        folder = shutil.copytree(project.folder, tmp_path / "mine")
        (folder / "evaluate.py").write_text("mine", encoding="utf-8")
        (folder / "notes.txt").write_text("mine", encoding="utf-8")
        with pytest.raises(export.BadProject, match=r"holds .+ more already; nothing was written"):
            export.case("colours", folder, package="paint", root=root)
        assert (folder / "evaluate.py").read_text(encoding="utf-8") == "mine"
        export.case("colours", folder, package="paint", root=root, force=True)
        assert "def table" in (folder / "evaluate.py").read_text(encoding="utf-8")
        assert (folder / "notes.txt").read_text(encoding="utf-8") == "mine"

    def test_nothing_is_written_through_a_link(self, tmp_path):
        """A link that leads elsewhere does not lead the project out of its folder."""
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "src").symlink_to(tmp_path / "elsewhere")
        with pytest.raises(export.BadProject, match="outside"):
            files.check_place(["src/paint/task.py"], tmp_path / "mine", force=True)

    def test_a_file_is_no_folder(self, tmp_path):
        """A destination that is a file is named as such."""
        (tmp_path / "mine").write_text("", encoding="utf-8")
        with pytest.raises(export.BadProject, match="is a file"):
            files.check_place(["README.md"], tmp_path / "mine", force=True)

    def test_a_case_that_lacks_a_recording_is_not_written(self, root, tmp_path):
        """The evaluation runs first, and its failure is told."""
        incomplete = shutil.copytree(root, tmp_path / "kit")
        (incomplete / "data" / "replies" / "21.jsonl").write_text("", encoding="utf-8")
        with pytest.raises(export.NotProved, match="nothing was written"):
            export.case("colours", tmp_path / "out", package="paint", root=incomplete)
        assert not (tmp_path / "out").exists()

    def test_an_unknown_case_lists_the_cases(self, root, tmp_path):
        """A typo is answered with the names."""
        with pytest.raises(ValueError, match=r"no case 'colour' to export. Cases: colours\."):
            export.case("colour", tmp_path, root=root)


class TestNew:
    def test_its_own_tests_pass(self, triage):
        """Rows, metric, program and endpoint hold before any model is asked."""
        run = pytest_in(triage)
        assert run.returncode == 0, run.stdout
        assert "12 passed" in run.stdout

    def test_it_is_served_as_it_is(self, triage):
        """Its endpoint answers through the model that MODEL names, to a caller with the key and no other."""
        reply = '{"urgency": "low", "why": ["first why"], "score": 0.5}'
        row = {"message": "first message", "words": 1}
        with Server(ScriptedEngine(reply), "test/scripted", "sk-made-up-0123456789") as server:
            model = {"MODEL": "openai/local", "MODEL_API_BASE": server.url}
            with serving(triage, model | {"OPENAI_API_KEY": "sk-made-up-0123456789"}) as served:
                answer = served.post("/Triage", json=row, headers=CALLER)
                assert (answer.status_code, answer.json()) == (200, json.loads(reply))
                assert served.post("/Triage", json=row).status_code == 401

    def test_the_signature_is_written_as_a_class(self, triage):
        """What was a string is code to go on from, types included."""
        code = (triage / "src" / "triage" / "program.py").read_text(encoding="utf-8")
        assert "class TriageSignature(dspy.Signature):" in code
        assert '    urgency: Literal["low", "high"] = dspy.OutputField()' in code
        assert "    score: float | None = dspy.OutputField()" in code
        assert "def forward(self, message: str, words: int)" in code

    def test_it_has_three_rows_of_the_right_types(self, triage):
        """The form of the data shows in rows that are plainly made up."""
        data = triage / "src" / "triage" / "data"
        rows = [json.loads(line) for line in (data / "rows.jsonl").read_text(encoding="utf-8").splitlines()]
        assert [row["urgency"] for row in rows] == ["low", "high", "low"]
        assert rows[0]["message"] == "first message"
        assert "Three rows made up by `kit new`" in (data / "README.md").read_text(encoding="utf-8")

    def test_its_notebook_and_its_evaluation_run_on_a_model(self, triage):
        """The notebook opens on the project, and MODEL and MODEL_API_BASE lead it to a server."""
        reply = '{"urgency": "low", "why": ["first why"], "score": 0.5}'
        with Server(ScriptedEngine(reply), "test/scripted", "sk-made-up-0123456789") as server:
            environment = {
                "MODEL": "openai/local",
                "MODEL_API_BASE": server.url,
                "OPENAI_API_KEY": "sk-made-up-0123456789",
                "PYTHONPATH": os.pathsep.join(map(str, (triage / "src", OFFLINE))),
            }
            executed = lessons.run(triage / "explore.ipynb", environment)
            run = subprocess.run(
                [sys.executable, "evaluate.py"],
                cwd=triage,
                env=os.environ | environment,
                capture_output=True,
                text=True,
            )
        assert "urgency='low'" in executed.cells[1].outputs[-1].data["text/plain"]
        assert executed.cells[5].outputs[-1].data["text/plain"] == "44.44"
        assert run.stdout.splitlines()[1].startswith("score  44.4 % ")

    @pytest.mark.parametrize(
        ("shorthand", "reason"),
        [
            ("message", "exactly one '->'"),
            ("a -> b -> c", "exactly one '->'"),
            ("message ->", "lacks fields on one side"),
            ("-> urgency", "lacks fields on one side"),
            ("a -> b: Foo", "Unknown name: Foo"),
            ("a -> b: Literal['x'", "closing parenthesis"),
            ("class -> b", "invalid syntax"),
            ("a -> a", "distinct names"),
            ("a -> _b", "leading underscores"),
            ("a -> instructions", "shadows an attribute"),
            ("lm -> a", "cannot be called 'lm'"),
            ("a -> b: dspy.Image", "No row can be made up"),
            ("a -> b: tuple[int, str]", "No row can be made up"),
        ],
    )
    def test_a_bad_signature_is_told_what_is_wrong(self, tmp_path, shorthand, reason):
        """Nothing is written, and the message names the fault."""
        with pytest.raises(export.BadProject, match=reason):
            export.new("triage", shorthand, tmp_path / "triage")
        assert not (tmp_path / "triage").exists()

    def test_nothing_is_overwritten_unasked(self, tmp_path):
        """A second `kit new` of that name leaves the first as it is."""
        (tmp_path / "README.md").write_text("mine", encoding="utf-8")
        with pytest.raises(export.BadProject, match=r"holds README\.md already"):
            export.new("triage", SHORTHAND, tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == ["README.md"]


class TestCases:
    def test_the_replay_engine_that_travels_promises_what_the_recorded_model_did(self):
        """DSPy asks an engine what it can do; another answer would make another prompt."""
        source = (files.EVERY / "src" / "prototype" / "replay.py").read_text(encoding="utf-8")
        namespace = {"__name__": "replay"}
        exec(compile(source.replace("from .keys", "from kit.engines.keys"), "replay.py", "exec"), namespace)
        for name in (name for name in vars(LlamaEngine) if name.startswith("support")):
            assert getattr(namespace["ReplayEngine"], name) == getattr(LlamaEngine, name)

    @pytest.mark.parametrize("name", [case.name for case in export.cases()])
    def test_each_case_of_the_kit_exports_and_scores_as_listed(self, name, tmp_path):
        """Its own tests pass, and its table is the one from which `kit export --list` takes the score.

        Writing it has scored it already, in a process of its own, so here its tests leave that one out.
        """
        project = export.case(name, tmp_path / "out")
        assert project.table in (project.folder / "README.md").read_text(encoding="utf-8")
        with serving(project.folder) as served:
            run = pytest_in(project.folder, "--deselect", "tests/test_project.py::" + ITS_SCORE)
            assert run.returncode == 0, run.stdout
            assert "1 deselected" in run.stdout
            assert answers_as_its_readme_says(project.folder, served)
        environment = installed(project.folder, tmp_path / "site")
        (tmp_path / "inbox").mkdir()
        run = subprocess.run(
            [sys.executable, "-c", "\n".join(snippets(project.folder))],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert run.returncode == 0, run.stderr
        stored = (catalogue.find(name).place / "score.txt").read_text(encoding="utf-8")
        assert project.table + "\n" == stored, f"Store the table anew in {name}/score.txt:\n{project.table}"


class TestCommand:
    def test_it_lists_the_cases(self):
        """Each with a line and a score."""
        result = CliRunner().invoke(app, ["export", "--list"])
        assert result.exit_code == 0
        assert "time_entries · Billing narratives" in result.output

    def test_new_says_where_the_project_is_and_what_is_next(self, tmp_path, monkeypatch):
        """Without a folder it is one of that name, here; a bad name or signature ends with exit code 1."""
        monkeypatch.chdir(tmp_path)
        result = CliRunner().invoke(app, ["new", "triage", "message -> urgency"])
        assert result.exit_code == 0
        assert f"cd {tmp_path / 'triage'} && uv run pytest" in result.output
        refused = CliRunner().invoke(app, ["new", "json", "message -> urgency"])
        assert refused.exit_code == 1
        assert "would hide" in refused.output

    def test_it_wants_a_case_and_a_place(self):
        """The message shows the form."""
        result = CliRunner().invoke(app, ["export", "time_entries"])
        assert result.exit_code == 1
        assert "kit export CASE DEST" in result.output
