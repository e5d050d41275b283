"""Claims: totals as a model adds them up, to be held against the rows.

    dspy.Refine(Claims(), N=3, reward_fn=agreement, threshold=1.0)(reading=filing)

`Form4` does without them: it lets Python add. They are here to show why.
"""

from __future__ import annotations

import dspy

from .filing import Reading


class Sold(dspy.Signature):
    """Add up the sales (code S): how many shares were sold, and at what average price a share?"""  # noqa: D400

    transactions: str = dspy.InputField()
    shares_sold: float = dspy.OutputField()
    average_price: float = dspy.OutputField()


class Claims(dspy.Module):
    """Let a model claim the totals of a reading that has its rows."""

    def __init__(self) -> None:
        super().__init__()
        self.add = dspy.Predict(Sold)

    def forward(self, reading: Reading) -> dspy.Prediction:
        """Return the reading with claims; whether they agree with the rows, `agreement` says."""
        claimed = dict(self.add(transactions=as_text(reading)))
        return dspy.Prediction(filing=Reading(**reading.model_dump() | claimed))


def as_text(reading: Reading) -> str:
    r"""Write each transaction on a line of its own.

    >>> from .filing import Transaction
    >>> values = {"date": "05/04/2022", "code": "S", "acquired_or_disposed": "D", "owned_after": 0}
    >>> as_text(Reading.model_construct(transactions=[Transaction(shares="1,500", price="$2.10", **values)]))
    '2022-05-04 S 1500 shares at 2.1'
    """
    return "\n".join(
        f"{row.date} {row.code} {row.shares:.10g} shares at {row.price:.10g}" for row in reading.transactions
    )
