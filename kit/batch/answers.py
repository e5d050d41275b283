"""Answers: what came of each entry, in one SQLite file, so that memory stays flat and kills do no harm."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas

from kit.batch.entries import EntryOutcome

_SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
CREATE TABLE IF NOT EXISTS answers (
    key BLOB PRIMARY KEY, outputs BLOB, error TEXT, reason TEXT, again INTEGER DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spent (
    model TEXT, source TEXT, calls INTEGER, input_tokens INTEGER, output_tokens INTEGER, cost_usd REAL,
    PRIMARY KEY (model, source)
) WITHOUT ROWID;
"""
_ADD = """
INSERT INTO spent VALUES (?, ?, 1, ?, ?, ?) ON CONFLICT DO UPDATE SET
    calls = calls + 1, input_tokens = input_tokens + excluded.input_tokens,
    output_tokens = output_tokens + excluded.output_tokens, cost_usd = cost_usd + excluded.cost_usd
"""
_REMEMBER = "INSERT OR REPLACE INTO answers (key, outputs, error, reason) VALUES (?, ?, ?, ?)"
_RECALL = "SELECT key, outputs, error, reason FROM answers WHERE NOT again AND key IN "


class Answers:
    """Outcomes by key; only the process that runs the batch writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._database = sqlite3.connect(path)
        self._database.executescript(_SCHEMA)

    def add(self, outcomes: Iterable[EntryOutcome]) -> None:
        """Remember outcomes and what they cost, all or none."""
        with self._database:
            for outcome in outcomes:
                for call in outcome.spent.calls:
                    bill = (call.model, call.source, call.input_tokens, call.output_tokens, call.cost_usd)
                    self._database.execute(_ADD, bill)
                if not outcome.is_fatal:
                    row = (outcome.key, outcome.outputs, outcome.error, outcome.reason)
                    self._database.execute(_REMEMBER, row)

    def get(self, keys: Sequence[bytes]) -> dict[bytes, EntryOutcome]:
        """Return what is known of the keys asked for."""
        outcomes = {}
        for start in range(0, len(keys), 500):
            some = keys[start : start + 500]
            rows = self._database.execute(f"{_RECALL} ({', '.join('?' * len(some))})", some)
            outcomes |= {row[0]: EntryOutcome(*row) for row in rows}
        return outcomes

    def forget_failures(self) -> None:
        """Let entries that failed be asked again."""
        with self._database:
            self._database.execute("UPDATE answers SET again = 1 WHERE error != ''")

    def clear(self) -> None:
        """Forget all answers; what they cost stays on the bill."""
        with self._database:
            self._database.execute("DELETE FROM answers")

    def count(self) -> int:
        """Return how many distinct entries were asked."""
        return self._database.execute("SELECT COUNT(*) FROM answers").fetchone()[0]

    def spent(self) -> pandas.DataFrame:
        """Return calls, tokens and dollars so far, a row for each model and for what answered."""
        query = "SELECT model, source AS 'answered by', calls, input_tokens AS 'tokens in', "
        query += "output_tokens AS 'tokens out', cost_usd AS dollars FROM spent"
        return pandas.read_sql_query(query, self._database)

    def close(self) -> None:
        """Close the file."""
        self._database.close()
