"""Score the contracts prototype on files that its author has not seen, and add a line to a JSON of scores.

    python tests/benchmarks/unseen_contracts.py FOLDER NAME          # code alone; prints, and writes nothing
    python tests/benchmarks/unseen_contracts.py FOLDER NAME --save   # also into data/contracts/unseen.json
    python tests/benchmarks/unseen_contracts.py FOLDER NAME --model small --save
    python tests/benchmarks/unseen_contracts.py FOLDER NAME --briefs --save

FOLDER holds gold.jsonl (files with their parts; see README of the set) and briefs.jsonl, or the gold of this
project, or packages that were typed (see packages.py). Only counts are printed and kept, never a title, a
page or a statement of these files. --places lists what is silently wrong; the set is spent then.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import dspy
from packages import package  # a script's folder is on its path

import kit
from kit.cases.briefs import objection
from kit.cases.briefs.statements import ENOUGH_IN_ORDER, in_order
from kit.cases.contracts import (
    Boundaries,
    Heading,
    Page,
    Part,
    Rules,
    Score,
    baseline,
    gold_parts,
    parts,
    read,
    score,
    total,
)
from kit.evaluation.intervals import interval

SCORES = Path(__file__).parents[2] / "data" / "contracts" / "unseen.json"
Program = Callable[[Sequence[Page]], tuple[list[Part], Sequence[Heading], Sequence[int]]]


def rows(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield files with their pages and gold; parts that exist only in a picture are left out, and counted."""
    own = folder / "gold_boundaries.jsonl"
    if not own.exists() and not (folder / "gold.jsonl").exists():
        for path in sorted(folder.glob("*.txt")):
            pages, gold = package(path)
            yield {"file": path.name, "pages": pages, "gold": gold, "traits": ["typed"], "word": False}
        return
    for line in (own if own.exists() else folder / "gold.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if own.exists():
            scans = _scans(folder)
            pages = [
                one.with_text(scans[row["slug"], one.number]) if (row["slug"], one.number) in scans else one
                for one in read(folder / row["pdf"])
            ]
            yield {
                "file": row["slug"],
                "pages": pages,
                "gold": gold_parts(row),
                "traits": [row.get("split", "real")],
                "word": False,
            }
            continue
        gold = [
            {
                "pages": [one["first_page"], *one.get("also_accept", [])],
                "title": one["title"],
                **{name: one.get(name) for name in ("kind", "mid_page", "scanned", "nested")},
            }
            for one in row["parts"][1:]
        ]
        yield {
            "file": row["file"],
            "pages": read(folder / row["file"]),
            "gold": gold,
            "traits": [row["source"], *_listed(row.get("traits"))],
            "word": row["file"].endswith(".docx"),
        }


def _scans(folder: Path) -> dict[tuple[str, int], str]:
    path = folder / "scans.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {(one["slug"], one["page"]): one["text"] for one in map(json.loads, lines)}


def _listed(traits: Any) -> list[str]:
    return [traits] if isinstance(traits, str) else [str(one) for one in traits or []]


def by_rules(rules: Rules, ask: bool = False) -> Program:
    """Return the program of expressions with some rules."""
    program = Boundaries(rules, ask=ask)

    def run(pages: Sequence[Page]) -> tuple[list[Part], Sequence[Heading], Sequence[int]]:
        found = program(pages=pages)
        return found.parts, found.doubts, found.unread

    return run


def usual(pages: Sequence[Page]) -> tuple[list[Part], Sequence[Heading], Sequence[int]]:
    """Split by the usual expression, which doubts nothing."""
    return parts(pages, baseline(pages)), [], []


def constant(pages: Sequence[Page]) -> tuple[list[Part], Sequence[Heading], Sequence[int]]:
    """Let every doubt start a part, as a model would that always says so; nothing is flagged."""
    found = Boundaries()(pages=pages)
    settled = [one for one in found.doubts if one.page > 1]
    return parts(pages, [*_sure(pages), *settled]), [], []


def _sure(pages: Sequence[Page]) -> list[Heading]:
    from kit.cases.contracts import find

    return [one for one in find(pages) if not one.doubt]


def programs(model: str | None) -> dict[str, Program]:
    """Return what is compared, by name."""
    if model:
        return {f"doubts settled by {model}": settled}
    return {
        "usual expression": usual,
        "every doubt a start": constant,
        **{f"doubt={level}": by_rules(Rules(doubt=level)) for level in range(6)},
    }


def settled(pages: Sequence[Page]) -> tuple[list[Part], Sequence[Heading], Sequence[int]]:
    """Let the model's answers stand: nothing is flagged but pages that were not read."""
    found = Boundaries(ask=True)(pages=pages)
    return found.parts, [], found.unread


def counted(row: dict[str, Any], program: Program, nested: bool = True) -> Score:
    """Score one file."""
    made, doubts, unread = program(row["pages"])
    gold = [one for one in row["gold"] if not one.get("scanned") and (nested or not one.get("nested"))]
    made_ = made if nested else _without(made, row["gold"], row["word"])
    found = score(gold, made_, doubts, unread, by_title=row["word"])
    return found + Score(pages=len(row["pages"]), files=0)


def _without(made: list[Part], gold: Sequence[dict[str, Any]], word: bool) -> list[Part]:
    """Leave out the parts that are nested: they are neither right nor false then."""
    inside = [one for one in gold if one.get("nested")]
    return [part for part in made if word or not any(part.start in one["pages"] for one in inside)]


def summary(scores: Sequence[Score]) -> dict[str, Any]:
    """Return counts, and shares with their intervals over files."""
    whole = total(scores)
    flagged = [(one.flagged + one.needless) / max(1, one.pages) for one in scores]
    return {
        **asdict(whole),
        "silently_wrong": round(whole.silently_wrong, 4),
        "f1": round(whole.f1, 4),
        "files_not_silently_wrong": str(interval([1.0 - one.silent for one in scores])),
        "files_exact": str(interval([float(one.exact) for one in scores])),
        "doubts_a_page": round(sum(flagged) / len(flagged), 4),
    }


def line_of(name: str, scores: Sequence[Score]) -> str:
    """Return a program's counts; an interval is over boundaries, those that are made up among them."""
    whole = total(scores)
    silent, rest = whole.missed + whole.false, whole.right + whole.flagged
    shares = interval([1.0] * silent + [0.0] * rest)
    most = f", at most {100 * (1 - 0.05 ** (1 / rest)):.1f} % with 95 % confidence" if not silent else ""
    right = interval([1.0] * whole.right + [0.0] * (silent + whole.flagged))
    return (
        f"{name:20} right {whole.right} ({right}), flagged {whole.flagged}, missed {whole.missed}, made up "
        f"{whole.false}; silently wrong {shares}{most}; files: {whole.exact} right, {whole.open} flagged, "
        f"{whole.silent} silently wrong; needless doubts {whole.needless}"
    )


def silent(files: Sequence[dict[str, Any]]) -> None:
    """Print what the program misses or makes up in silence: the set is spent then."""
    for row in files:
        found = Boundaries()(pages=row["pages"])
        doubts = {one.page for one in found.doubts} | set(found.unread)
        gold = {page for one in row["gold"] for page in one["pages"]}
        missed = sorted(gold - doubts - set(found.starts))
        made_up = sorted(set(found.starts) - doubts - gold)
        if missed or made_up:
            print(row["file"], "missed on pages", missed, "made up on pages", made_up)


def where(chosen: Sequence[dict[str, Any]], scores: Sequence[Score]) -> dict[str, Any]:
    """Return what is silently wrong by the traits of files, and what is missed by the kinds of parts."""
    traits: Counter[str] = Counter()
    for row, one in zip(chosen, scores, strict=True):
        for trait in row["traits"]:
            traits[f"{trait}: missed"] += one.missed
            traits[f"{trait}: false"] += one.false
    return {name: count for name, count in sorted(traits.items()) if count}


def guarded(folder: Path) -> dict[str, Any]:
    """Return what guards let pass: of statements that a clause bears out, and of false ones."""
    lines = (folder / "briefs.jsonl").read_text(encoding="utf-8").splitlines()
    guards: dict[str, Callable[[dict[str, Any]], bool]] = {
        "everything passes": lambda row: True,
        "words in order alone": lambda row: in_order(row["statement"], row["clause"]) >= ENOUGH_IN_ORDER,
        "the guard": lambda row: not objection(row["statement"], row["clause"]),
        "the guard, enough=0.6": lambda row: not objection(row["statement"], row["clause"], enough=0.6),
    }
    made = {}
    for name, passes in guards.items():
        rows = [(row, passes(row)) for row in map(json.loads, lines)]
        wrong = Counter(str(row["error"]) for row, passed in rows if passed and not row["supported"])
        made[name] = {
            "borne out and passed": sum(passed and row["supported"] for row, passed in rows),
            "borne out and refused": sum(not passed and row["supported"] for row, passed in rows),
            "false and refused": sum(not passed and not row["supported"] for row, passed in rows),
            "false and passed": sum(wrong.values()),
            "kinds that passed": len(wrong),
        }
    return made


def main() -> None:
    """Score a folder."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path)
    options.add_argument("name")
    options.add_argument("--model", choices=("small", "large"))
    options.add_argument("--briefs", action="store_true")
    options.add_argument("--places", action="store_true")
    options.add_argument("--save", action="store_true")
    chosen = options.parse_args()
    if chosen.model:
        from kit.cases.terse import Terse

        dspy.configure(lm=kit.lm(chosen.model), adapter=Terse())
    if chosen.briefs:
        found = guarded(chosen.folder)
        print(json.dumps(found, indent=1))
        if chosen.save:
            _keep(f"briefs {chosen.name}", found)
        return
    files = list(rows(chosen.folder))
    print(f"{len(files)} files, {sum(len(one['pages']) for one in files)} pages; the default is doubt=4")
    made: dict[str, Any] = {}
    for name, program in programs(chosen.model).items():
        scores = [counted(row, program) for row in files]
        made[name] = summary(scores) | {
            "without_nested": summary([counted(row, program, False) for row in files])
            if not chosen.model
            else None
        }
        made[name]["where"] = where(files, scores)
        print(line_of(name, scores))
    if chosen.places:
        silent(files)
    if chosen.save:
        _keep(chosen.name, made)


def _keep(name: str, made: dict[str, Any]) -> None:
    kept = json.loads(SCORES.read_text(encoding="utf-8")) if SCORES.exists() else {}
    kept.setdefault(name, {}).update(made)
    SCORES.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
