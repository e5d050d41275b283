"""`.ci/renumber` gives lessons other numbers, in files' names and in what speaks of them."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / ".ci" / "renumber"
BEFORE = {
    "notebooks/10_optimizers.ipynb": '"Next: lesson 11", "with kit.check(\\"10.2\\"):", "10 rows"',
    "notebooks/11_transfer.ipynb": '"lessons 09 and 10; read(\\"../data/runs/10_gepa.json\\")"',
    "data/replies/10.jsonl": "ten",
    "data/replies/11.jsonl": "eleven",
    "data/runs/10_gepa.json": "{}",
    "notebooks/04_adapters.ipynb": '"Lesson 04.", "Exercise 4.1", "kit.check(\\"4.1\\"):", "4.1 points"',
    "README.md": "| 10 | [optimizers](notebooks/10_optimizers.ipynb) | 30 |\n| 10 of 40 |",
}
AFTER = {
    "notebooks/11_optimizers.ipynb": '"Next: lesson 12", "with kit.check(\\"11.2\\"):", "10 rows"',
    "notebooks/12_transfer.ipynb": '"lessons 09 and 11; read(\\"../data/runs/11_gepa.json\\")"',
    "data/replies/11.jsonl": "ten",
    "data/replies/12.jsonl": "eleven",
    "data/runs/11_gepa.json": "{}",
    "notebooks/05_adapters.ipynb": '"Lesson 05.", "Exercise 5.1", "kit.check(\\"5.1\\"):", "4.1 points"',
    "README.md": "| 11 | [optimizers](notebooks/11_optimizers.ipynb) | 30 |\n| 10 of 40 |",
}


def test_numbers_are_handed_on_in_names_and_references(tmp_path):
    """A lesson in between moves the later ones on: files, references and recordings, and no other number."""
    for name, text in BEFORE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    subprocess.run([sys.executable, SCRIPT, "10=11", "11=12", "04=05"], cwd=tmp_path, check=True)
    files = [path for path in tmp_path.rglob("*") if path.is_file() and ".git" not in path.parts]
    assert {str(path.relative_to(tmp_path)): path.read_text(encoding="utf-8") for path in files} == AFTER
