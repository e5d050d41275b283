"""Run a DSPy program over a table of any size: each distinct entry asked once, every row kept, resumable.

    from kit import batch

    done = batch.run(program, "entries.parquet", inputs=["narrative"], to="out", threads=32)
    done.results.to_pandas(), done.failures.to_pandas(), done.usage

`runs` begins: `sources` gives pieces of the table, `driver` asks their `entries` in threads or on a
`cluster`, keeps the `answers`, and writes finished `parts`.

Left out: retries, which are the model's own (`dspy.LM(..., num_retries=8)` waits 1, 2, 4, ... seconds, or as
long as the provider says) and a time limit, which is too (`dspy.LM(..., timeout=60)`).
"""

from __future__ import annotations

try:
    import pyarrow as _pyarrow  # noqa: F401
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        "kit.batch reads and writes parquet with pyarrow, which is not installed: "
        "pip install 'dspy-workshop-kit[batch]' (in a clone: pip install -e '.[batch]')."
    ) from missing

from kit.batch.cells import BadColumn
from kit.batch.driver import Stopped
from kit.batch.identity import OtherRun
from kit.batch.runs import BatchRun, read, run
from kit.batch.sources import BadSource, MissingColumn

__all__ = ["BadColumn", "BadSource", "BatchRun", "MissingColumn", "OtherRun", "Stopped", "read", "run"]
