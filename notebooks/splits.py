"""Splits: rows that stand in two of them, word for word or nearly."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import combinations, product

import dspy
import pandas as pd

Row = dspy.Example | str


def leaks(*, similarity: float = 0.8, **splits: Sequence[Row]) -> pd.DataFrame:
    """Return the pairs of rows from different splits that are the same, or nearly so.

    Case, punctuation and white space do not count. Two texts are near if they share at least `similarity` of
    all their different words (the Jaccard index); word order does not count, so a text written without
    spaces between words is only found if it is the same.

    Args:
        similarity: From which share on two texts are near, in (0, 1].
        splits: Name and rows of each split: examples, of which the inputs are compared, or plain texts.

    Returns:
        A line for each pair, most alike first: split and row (counted from 0) on both sides, how `alike` they
        are in [0, 1], whether they are the "same" or "near", and both texts. It is empty if nothing leaks.

    Raises:
        ValueError: If there are fewer than two splits, or one has fewer than two rows.

    >>> found = leaks(train=["Printer jams.", "No mail."], test=["The VPN drops.", "printer jams"])
    >>> found[["row", "also_row", "kind"]]
       row  also_row  kind
    0    0         1  same
    """
    if len(splits) < 2:
        raise ValueError(f"Name two splits or more, e.g. leaks(train=..., test=...); found {list(splits)}.")
    if not 0 < similarity <= 1:
        raise ValueError(f"A similarity is a share in (0, 1]; found {similarity}.")
    texts = {name: _texts(name, rows) for name, rows in splits.items()}
    pairs = [
        pair for split, other in combinations(texts, 2) for pair in _pairs(split, other, texts, similarity)
    ]
    columns = ["split", "row", "also_split", "also_row", "alike", "kind", "text", "also_text"]
    table = pd.DataFrame(pairs, columns=columns)
    return table.sort_values("alike", ascending=False, kind="stable", ignore_index=True)


def words(text: str) -> list[str]:
    """Return a text's words without regard to case, punctuation and white space; a text of none is its own.

    >>> words("It's  DOWN!")
    ['it', 's', 'down']
    """
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()) or [text.strip()]


def _texts(name: str, rows: Sequence[Row]) -> list[str]:
    if len(rows) < 2:
        raise ValueError(
            f"Split {name!r} has {len(rows)} row{'s' * (len(rows) != 1)}; expected at least 2. "
            "Check the file that it was read from, and the filter that made it."
        )
    return [row if isinstance(row, str) else "\n".join(map(str, row.inputs().values())) for row in rows]


def _pairs(split: str, other: str, texts: dict[str, list[str]], similarity: float) -> list[tuple]:
    left, right = ([words(text) for text in texts[name]] for name in (split, other))
    sets = [[frozenset(row) for row in side] for side in (left, right)]
    pairs = []
    for (i, one), (j, two) in product(enumerate(sets[0]), enumerate(sets[1])):
        alike = len(one & two) / len(one | two)
        if alike >= similarity:
            kind = "same" if left[i] == right[j] else "near"
            pairs.append((split, i, other, j, alike, kind, texts[split][i], texts[other][j]))
    return pairs
