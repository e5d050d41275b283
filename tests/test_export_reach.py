"""What no program imports does not travel."""

import pytest

from kit.export import reach

FILES = {
    "__init__.py": '"""Mine."""\n\nfrom .far import Far\nfrom .near import Near, near\n\n'
    '__all__ = ["Far", "Near", "near"]\n',
    "near.py": "from . import deep\n",
    "far.py": "from .other.one import One\n",
    "task.py": "from mine import Near\n",
    "deep.py": "from mine.other import two\n",
    "other/__init__.py": '"""Other."""\n\nfrom .one import One\n\n__all__ = ["One"]\n',
    "other/one.py": "",
    "other/two.py": "",
    "state.json": "{}",
}


@pytest.fixture
def package(tmp_path):
    """Return a package in which task.py needs near, deep and other.two."""
    for place, text in FILES.items():
        path = tmp_path / "mine" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "mine"


def test_modules_that_nothing_imports_go(package):
    """Those that are imported by a name that __init__.py passes on stay, and so do data."""
    assert reach.trim(package, ["task.py"]) == ["far.py", "other/one.py"]
    kept = sorted(path.relative_to(package).as_posix() for path in package.rglob("*") if path.is_file())
    assert kept == [
        "__init__.py",
        "deep.py",
        "near.py",
        "other/__init__.py",
        "other/two.py",
        "state.json",
        "task.py",
    ]


def test_the_package_no_longer_promises_them(package):
    """__init__.py and __all__ name what is there."""
    reach.trim(package, ["task.py"])
    code = (package / "__init__.py").read_text(encoding="utf-8")
    assert "Far" not in code
    assert '__all__ = [\n    "Near",\n    "near",\n]' in code


def test_a_package_from_which_nothing_goes_is_unchanged(package):
    """Not a letter of it."""
    reach.trim(package, ["task.py", "far.py"])
    assert (package / "__init__.py").read_text(encoding="utf-8") == FILES["__init__.py"]
