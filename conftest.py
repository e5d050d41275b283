"""Notebooks are validated on recordings alone; which tests are quick; how many processes run them."""

import gc
import os
import re
import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from tests.warm import Warm

# They run by themselves, with settings or packages of their own.
collect_ignore_glob = [
    "kit/export/skeleton/*",
    "notebooks/hotel/*",
    "notebooks/mlflow_desk.py",
    "notebooks/phoenix_server.py",
]
NO_SKIPS = bool(os.environ.get("KIT_NO_SKIPS"))
NO_NETWORK = Path(__file__).parent / "tests" / "offline"
OFFLINE = {"KIT_PROFILE": "offline", "KIT_LIVE": "never", "KIT_PROGRESS": "off"}
SETTINGS = re.compile(r"_API_KEY$|_API_BASE$|^LOCAL_SERVER_|^KIT_(?!MODELS$)")
# Tests that start kernels, browsers, servers, clusters, exported projects or models, or that run optimizers,
# or a case study or a builder over whole data. All others are quick.
SLOW = re.compile(
    r"tests/(batch/test_(cluster|identity|killed|runs)"
    r"|cases/test_(briefs|contracts|form4|router|served_cases|time_entries)"
    r"|documents/test_(builders|ocr)|engines/test_(fetch|grammar|listening|live|llama|local_server)"
    r"|evaluation/test_budget|providers/\w+"
    r"|tracing/test_(mlflow|otlp|phoenix)|workshop/test_(catch_up|lab|lessons|progress|recorder|slides)"
    r"|test_(browser|comparison|export|export_composed|looks|packaging|processes|providers|real_data|serving|tools|web_pages"
    r"|widgets))"
    r"\.py|\.ipynb"
)
# Tests that start kernels and scripts: these are forked after the slow imports, by tests/warm.py.
FORKED = re.compile(
    r"tests/(test_(browser|export\w*|looks|serving|tools|widgets)|providers/test_lessons_on_providers"
    r"|cases/test_contracts|tracing/test_otlp|workshop/test_(catch_up|lab|lessons|progress|recorder))"
    r"\.py|\.ipynb"
)
# Files of more than about eight seconds come first, so that no process is alone with one at the end.
LONG = re.compile(
    r"tests/(cases/test_contracts|documents/test_builders|engines/test_(live|llama)|providers/test_lessons_on_providers"
    r"|test_(browser|export|looks|widgets)|tracing/test_(mlflow|phoenix))\.py"
    r"|notebooks/(11|12|16|18|21|22|23|24)_\w+\.ipynb"
)
# These tests share nothing with others of their file: each goes to any process.
APART = re.compile(r"::test_(a_whole_lesson_runs|each_case_of_the_kit_exports_and_scores_as_listed)\[")
PYTHON = sys.executable
os.environ["ATTACHMENTS_OCR_WORKERS"] = str(os.cpu_count())  # a thread a page: more of them wait in a loop
UNTIL_THE_END = ExitStack()
gc.disable()  # until all is imported: a fifth of the time of importing is the search for garbage in it


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even read what is slow if `-m quick` was asked for."""
    return True if config.option.markexpr == "quick" and SLOW.search(collection_path.as_posix()) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is quick, and put the long files first."""
    items.sort(key=lambda item: not LONG.search(item.path.as_posix()))
    for item in items:
        if not SLOW.search(item.path.as_posix()):
            item.add_marker("quick")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    """Search for garbage from now on, but not among what was imported and collected."""
    gc.freeze()
    gc.enable()


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Run a single file in this process, and more than one on all cores, file by file.

    There is one process more than there are cores: kernels, servers and browsers are waited for.
    """
    single = len(config.args) == 1 and Path(config.args[0].partition("::")[0]).is_file()
    return 0 if single else (os.cpu_count() or 1) + 1


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Hand out whole files, as `--dist=loadfile` does, but the tests of APART one by one."""
    if config.getvalue("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return nodeid if APART.search(nodeid) else super()._split_scope(nodeid)

    return ByFile(config, log)


def pytest_configure_node(node: object) -> None:
    """Let all processes share what forks; the quick tests start nothing."""
    if node.config.option.markexpr != "quick":
        node.workerinput["python"] = warm()


@cache
def warm() -> str:
    """Return a program that is called as Python is, and starts in a moment; on Linux alone."""
    return UNTIL_THE_END.enter_context(Warm()) if hasattr(os, "pidfd_open") else PYTHON


@cache
def ready(python: str) -> str:
    """Wait until the program has imported the libraries; kernels and servers are waited for less long."""
    subprocess.run([python, "-c", ""], check=True)
    return python


def pytest_unconfigure() -> None:
    """End what forks."""
    UNTIL_THE_END.close()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Set the environment of notebooks and of docstrings' examples; tests in Python set their own."""
    for name in ("PYTHONPATH", *OFFLINE):  # what the item before may have had
        os.environ.pop(name, None)
    sys.executable = PYTHON
    if FORKED.search(item.path.as_posix()):
        sys.executable = ready(getattr(item.config, "workerinput", {}).get("python") or warm())
    is_notebook = item.path.suffix == ".ipynb"
    if not is_notebook and not isinstance(item, pytest.DoctestItem):
        return
    for name in filter(SETTINGS.search, list(os.environ)):
        del os.environ[name]
    os.environ |= OFFLINE
    if is_notebook:
        os.environ["PYTHONPATH"] = str(NO_NETWORK)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Generator:
    """With KIT_NO_SKIPS, as in .ci/run, a test that is skipped has failed."""
    report = yield
    if NO_SKIPS and report.skipped:
        reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"No test may be skipped here. {reason}"
    return report
