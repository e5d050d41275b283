"""The package is light to import and says what it has."""

import subprocess
import sys

import pytest

import kit

IMPORT = "import sys, kit; print(sorted({'dspy', 'pandas', 'IPython', 'xllamacpp'} & set(sys.modules)))"


def test_importing_kit_imports_nothing_heavy():
    """A lesson's first cell does not wait for what its second needs."""
    run = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"


def test_its_names_are_sorted_and_exist():
    """Each name of `__all__` can be had."""
    assert kit.__all__ == sorted(kit.__all__) == dir(kit)
    assert all(callable(getattr(kit, name)) for name in kit.__all__ if name != "export")
    assert callable(kit.export.case)


def test_unknown_names_are_answered_with_the_known():
    """A typo lists what there is."""
    with pytest.raises(AttributeError, match=rf"no 'promt'. It has: {', '.join(kit.__all__)}\."):
        kit.promt  # noqa: B018
