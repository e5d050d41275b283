"""Break clean billing narratives by seeded corruptions, so that gold text and broken rules are exact.

    python data/time_entries/build.py                          writes entries.jsonl
    python data/time_entries/build.py --rows 200000 OUT.csv    writes a large file, in which entries recur

Clean narratives come from test_by_hand.txt, validation_by_hand.txt and templates.txt. A corruption is
recorded only where it changed the text; each can be undone by the house rule that names it.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import re
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SEED = 20261125
TRAIN, VALIDATION = 320, 152  # rows from templates; the rows by hand come on top
STOCK, STOCK_SHARE = 5_000, 0.5  # of the large file: entries that people use again and again
HOW_MANY = ([0, 1, 2, 3, 4], [12, 25, 30, 22, 11])  # rules broken in an entry, and how often of 100
WEIGHT = {"names": 0.1}  # an entry with a name in it breaks this rule more often than others
QUOTE = r'"[^"]*"'


def lines(name: str) -> list[str]:
    """Return the lines of a text file beside this one, without comments."""
    return [
        line
        for line in (HERE / name).read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]


def table(name: str) -> dict[str, list[str]]:
    """Return a file of "key: value, value" lines."""
    pairs = (line.split(": ", 1) for line in lines(name))
    return {key: value.split(", ") for key, value in pairs}


def records(name: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file beside this one."""
    with open(HERE / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def past(verb: str) -> str:
    """Return the past of a verb in verbs.txt: "review", or "meet:met" where it follows no rule."""
    base, _, irregular = verb.partition(":")
    return irregular or (base + "d" if base.endswith("e") else re.sub(r"([^aeiou])y$", r"\1i", base) + "ed")


def gerund(base: str, past: str) -> str:
    """Return the -ing form.

    >>> [gerund(*pair) for pair in (("revise", "revised"), ("map", "mapped"), ("sit", "sat"))]
    ['revising', 'mapping', 'sitting']
    """
    if base in {"run", "sit", "split"}:
        return base + base[-1] + "ing"
    if base.endswith("e") and not base.endswith("ee"):
        return base[:-1] + "ing"
    return (past[:-2] if past.endswith("ed") and past[-3] != "i" else base) + "ing"


MATTERS = {row["key"]: row for row in records("matters.csv")}
PEOPLE = records("people.csv")
FIRST = {f"{row['first'][0]}. {row['last']}": row for row in PEOPLE}
VERBS = {past(verb): verb.partition(":")[0] for line in lines("verbs.txt") for verb in line.split()}
NOUNS, SHORT, MISSPELLED = table("noun_forms.txt"), table("abbreviations.txt"), table("spellings.txt")
OPENING = re.compile(r"(?:^|(?<=; ))([\w-]+)(?: and ([\w-]+))?( (?:with|for|in)\b)?")
NAME = re.compile(r"\b[A-Z]\. [A-Z][a-z]+")


# ---- clean narratives ------------------------------------------------------------------------------------


@cache
def templates() -> tuple[list[str], dict[str, list[str]]]:
    """Return the templates and what may stand in their slots."""
    slots = {}
    for line in (line for line in lines("templates.txt") if line.startswith("slot ")):
        name, values = line.removeprefix("slot ").split(": ", 1)
        slots[name] = values.split("; ")
    return [line for line in lines("templates.txt") if not line.startswith("slot ")], slots


def fill(template: str, client: str, rng: random.Random) -> str:
    """Fill the slots of a template.

    >>> fill("Advised {client} on Section {n}", "nVista", random.Random(0))
    'Advised nVista on Section 14'
    """
    slots = templates()[1]
    drawn: dict[str, Callable[[], Any]] = {
        "person": lambda: rng.choice([p for p in _people(rng.random() < 0.75) if p not in template]),
        "client": lambda: client,
        "n": lambda: rng.randint(2, 18),
        "number": lambda: rng.randint(12, 950),
        "letter": lambda: rng.choice("ABCDEFGH"),
        "amount": lambda: f"${rng.randint(3, 900) * 250:,}" + rng.choice(["", "", ".50"]),
        "time": lambda: (
            f"{rng.randint(1, 12)}:{rng.choice(['00', '15', '30', '45'])} {rng.choice(['a', 'p'])}.m."
        ),
        "date": lambda: (
            f"{rng.choice(['January', 'February', 'April', 'August', 'October'])} {rng.randint(1, 28)}"
        ),
    }
    while slot := re.search(r"\{(\w+)\}", template):
        name = slot[1]
        value = str(drawn[name]() if name in drawn else rng.choice(slots[name]))
        template = template[: slot.start()] + value + template[slot.end() :]
    return re.sub(r",(?=;|$)", "", template)


@cache
def _people(on_roster: bool) -> list[str]:
    return [name for name, row in FIRST.items() if (row["on_roster"] == "yes") is on_roster]


def from_templates(rng: random.Random) -> tuple[dict[str, str], str]:
    """Return a matter and a clean narrative of one to three activities."""
    matter = rng.choice(list(MATTERS.values()))
    chosen = rng.sample(templates()[0], rng.choices([1, 2, 3], [45, 40, 15])[0])
    activities = "; ".join(fill(template, matter["client"], rng) for template in chosen).split("; ")
    text = "; ".join([activities[0], *(activity[0].lower() + activity[1:] for activity in activities[1:])])
    return matter, text if text.endswith(".") else text + "."


def by_hand(name: str) -> list[tuple[dict[str, str], str]]:
    """Return matters and clean narratives of a file by hand."""
    pairs = (line.split("|", 1) for line in lines(name))
    return [(MATTERS[key], text) for key, text in pairs]


# ---- corruptions: each returns the text as it was if it finds nothing to break -----------------------------


def outside(text: str, client: str, edit: Callable[[str], str]) -> str:
    """Apply an edit everywhere but in quotations and the client's name."""
    parts = re.split(rf"({QUOTE}|{re.escape(client)})", text)
    return "".join(part if i % 2 else edit(part) for i, part in enumerate(parts))


def break_tense(text: str, client: str, rng: random.Random) -> str:
    """Put activities into the base form or the -ing form, or begin them with a noun."""
    form = rng.choices(["base", "gerund", "noun"], [60, 17, 23])[0]

    def broken(match: re.Match) -> str:
        verb, second, preposition = match[1], match[2], match[3] or ""
        noun = NOUNS.get(verb.lower() + preposition) or (not preposition and NOUNS.get(verb.lower()))
        if verb.lower() not in VERBS or rng.random() < 0.15:
            return match[0]
        if form == "noun" and noun and not second:
            return _like(verb, noun[0])
        joined = f" and {_other(second, form)}" if second in VERBS else f" and {second}" if second else ""
        return _like(verb, _other(verb.lower(), form)) + joined + preposition

    return OPENING.sub(broken, text)


def _other(verb: str, form: str) -> str:
    base = VERBS[verb]
    return gerund(base, verb) if form == "gerund" else base


def _like(model: str, word: str) -> str:
    return word[:1].upper() + word[1:] if model[0].isupper() else word


def break_names(text: str, client: str, rng: random.Random) -> str:
    """Write people out: "First Last", and those of the roster also as "Last, First" or "F Last"."""
    form = rng.choices(["{first} {last}", "{last}, {first}", "{first[0]} {last}"], [65, 15, 20])[0]

    def broken(part: str) -> str:
        return NAME.sub(lambda match: full(match, part), part)

    def full(match: re.Match, part: str) -> str:
        person = FIRST.get(match[0])
        if not person or rng.random() < 0.1:
            return match[0]
        plain = person["on_roster"] == "no" or part[match.end() :].startswith(("'", ","))
        return ("{first} {last}" if plain else form).format(**person)

    return outside(text, client, broken)


def break_abbreviations(text: str, client: str, rng: random.Random) -> str:
    """Abbreviate one to three words that do not begin an activity."""
    present = (full for full in SHORT if full in text)
    found = [full for full in present if re.search(rf"(?<=[\w,)] ){re.escape(full)}(?=[\s,;.)])", text)]
    for full in rng.sample(found, min(len(found), rng.choice([1, 1, 2, 3]))):
        short = rng.choice(SHORT[full])
        place = rf"(?<=[\w,)] ){re.escape(full)}(?=[\s,;)]|\.$)"
        if full == "and":
            place = r"(?<=[a-z] )and(?= [a-z])"
        text = outside(text, client, lambda part, place=place, short=short: re.sub(place, short, part))
        text = re.sub(r"[.:]\.$", ".", text)
    return text


def break_spelling(text: str, client: str, rng: random.Random) -> str:
    """Misspell one or two words that do not begin an activity: as people do, or by a slip of the finger."""
    openings = {match.start(i) for match in OPENING.finditer(text) for i in (1, 2)}
    words = [
        match
        for match in re.finditer(r"(?<![\w'-])[a-z]{4,}(?![\w'\u2019-])", text)
        if match.start() not in openings
    ]
    kept = [match.span() for match in re.finditer(rf"{QUOTE}|{re.escape(client)}", text)]
    words = [word for word in words if not any(start <= word.start() < end for start, end in kept)]
    known = [word for word in words if word[0] in MISSPELLED]
    long = [word for word in words if len(word[0]) > 6]
    pool = known if known and rng.random() < 0.4 else long
    for word in sorted(rng.sample(pool, min(len(pool), rng.choice([1, 1, 1, 2]))), key=lambda m: -m.start()):
        wrong = rng.choice(MISSPELLED[word[0]]) if pool is known else slip(word[0], rng)
        text = text[: word.start()] + wrong + text[word.end() :]
    return text


def slip(word: str, rng: random.Random) -> str:
    """Leave out, double, swap or change one letter inside a word, so that it becomes no other word.

    >>> slip("indemnification", random.Random(1))
    'indmnification'
    """
    while True:
        i = rng.randrange(1, len(word) - 2)
        kind = rng.randrange(4)
        if kind == 0:
            wrong = word[:i] + word[i + 1 :]
        elif kind == 1:
            wrong = word[:i] + word[i] + word[i:]
        elif kind == 2:
            wrong = word[:i] + word[i + 1] + word[i] + word[i + 2 :]
        else:
            wrong = word[:i] + rng.choice("aeiou") + word[i + 1 :] if word[i] in "aeiou" else word
        if wrong != word and wrong not in dictionary():
            return wrong


@cache
def dictionary() -> frozenset[str]:
    """Return the firm's words, with their commonest endings."""
    words = " ".join(lines("words.txt")).lower().split()
    return frozenset(word + ending for word in words for ending in ("", "s", "d", "ed", "ing", "er"))


def break_capitals(text: str, client: str, rng: random.Random) -> str:
    """Begin in lower case, begin a later activity with a capital, lower a part or a name, or shout."""
    way = rng.choices(["first", "later", "part", "name", "shout"], [52, 22, 10, 10, 6])[0]
    if way == "later" and "; " in text:
        return re.sub(r"(?<=; )[a-z]", lambda match: match[0].upper(), text)
    if way == "part" and re.search(r"\b(?:Section|Exhibit|Article|Rule) (?:\d|[B-Z]\b)", text):
        return re.sub(r"\b(?:Section|Exhibit|Article|Rule)(?= (?:\d|[B-Z]\b))", lambda m: m[0].lower(), text)
    if way == "name" and any(name in text and name not in client for name in _people(True)):
        return outside(text, client, lambda part: NAME.sub(lambda m: _lowered(m[0]), part))
    if way == "shout" and '"' not in text and not re.search(r"\b[a-z]+[A-Z]", text):
        return text.upper()
    return text[0].lower() + text[1:]


def _lowered(name: str) -> str:
    return name.lower() if name in _people(True) else name


def break_punctuation(text: str, client: str, rng: random.Random) -> str:
    """Leave out or double the closing stop, or part activities by something else than semicolons."""
    way = rng.choices(["parts", "none", ";", "..", " .", "gap"], [28, 38, 9, 9, 8, 8])[0]
    if way == "parts" and "; " in text:
        return outside(text, client, lambda part: part.replace("; ", rng.choice([" - ", "\n", " / "])))
    if way == "gap":
        return outside(text, client, lambda part: part.replace(" ", "  ", 1))
    return text[:-1] + ("" if way in {"parts", "none"} else way)


BREAK = {
    "spelling": break_spelling,
    "abbreviations": break_abbreviations,
    "tense": break_tense,
    "names": break_names,
    "capitalization": break_capitals,
    "punctuation": break_punctuation,
}


def corrupt(text: str, client: str, rng: random.Random) -> tuple[str, list[str]]:
    """Return the broken text and the rules that it breaks."""
    count = rng.choices(*HOW_MANY)[0]
    possible = [rule for rule, breaks in BREAK.items() if breaks(text, client, random.Random(0)) != text]
    wanted = sorted(possible, key=lambda rule: rng.random() ** WEIGHT.get(rule, 1))[-count:] if count else []
    broken = []
    for rule in (rule for rule in BREAK if rule in wanted):
        new = BREAK[rule](text, client, rng)
        if new != text:
            text, broken = new, [*broken, rule]
    return text, broken


# ---- files -----------------------------------------------------------------------------------------------


def row(
    number: int, split: str, source: str, matter: dict[str, str], gold: str, rng: random.Random
) -> dict[str, Any]:
    """Return one row of entries.jsonl."""
    narrative, broken = corrupt(gold, matter["client"], rng)
    return {
        "id": f"te-{number:04}",
        "split": split,
        "source": source,
        "practice": matter["practice"],
        "client": matter["client"],
        "matter": matter["matter"],
        "hours": rng.randint(1, 40) / 10,
        "narrative": narrative,
        "gold": gold,
        "broken": broken,
    }


def rows() -> list[dict[str, Any]]:
    """Return all rows of entries.jsonl; no clean narrative comes twice."""
    rng = random.Random(SEED)
    made = dict.fromkeys(
        text for name in ("test", "validation") for _, text in by_hand(f"{name}_by_hand.txt")
    )
    clean: dict[str, list] = {"train": [], "validation": [], "test": []}
    for split, count in (("train", TRAIN), ("validation", VALIDATION)):
        while len(clean[split]) < count:
            matter, text = from_templates(rng)
            if text not in made:
                made[text] = None
                clean[split].append(("template", matter, text))
    for split in ("validation", "test"):
        clean[split] += [("hand", *pair) for pair in by_hand(f"{split}_by_hand.txt")]
    every = [(split, *entry) for split, entries in clean.items() for entry in entries]
    return [row(i, *entry, random.Random(f"{SEED} {entry[-1]}")) for i, entry in enumerate(every, 1)]


@lru_cache(maxsize=STOCK)
def stock(rank: int) -> tuple[str, str, str, str, str]:
    """Return the stock entry of a rank: the same person's same words, each time."""
    return _large(random.Random(f"{SEED} stock {rank}"))


def _large(rng: random.Random) -> tuple[str, str, str, str, str]:
    matter, gold = from_templates(rng)
    narrative, broken = corrupt(gold, matter["client"], rng)
    return matter["client"], matter["matter"], narrative, gold, " ".join(broken)


def large(count: int, seed: int = SEED) -> Iterator[dict[str, Any]]:
    """Yield rows of a large file; half are stock entries, drawn by Zipf's law (the n-th as often as 1/n)."""
    rng = random.Random(seed)
    for number in range(1, count + 1):
        stocked = rng.random() < STOCK_SHARE
        client, matter, narrative, gold, broken = (
            stock(int(STOCK ** rng.random())) if stocked else _large(rng)
        )
        yield {
            "id": number,
            "client": client,
            "matter": matter,
            "hours": rng.randint(1, 40) / 10,
            "narrative": narrative,
            "gold": gold,
            "broken": broken,
        }


def main() -> None:
    """Write entries.jsonl, or a large file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, help="rows of the large file")
    parser.add_argument("out", nargs="?", type=Path, default=HERE / "entries.jsonl")
    given = parser.parse_args()
    if given.rows is None:
        given.out.write_text(
            "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows()), encoding="utf-8"
        )
        return
    with open(given.out, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, next(large(1)))
        writer.writeheader()
        writer.writerows(large(given.rows))


if __name__ == "__main__":
    main()
