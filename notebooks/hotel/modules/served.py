"""What dspy-cli serves: the installed program, the adapter it was measured with, a typed answer."""

from pathlib import Path

import dspy

from hotel.booking import Book, Fields

STATE = Path(__file__).parents[1] / "programs" / "workshop" / "bookings" / "program.json"


class Bookings(dspy.Module):
    """Read a booking request to a hotel: guest, arrival, nights, room, and a word for the front desk."""

    def __init__(self):
        self.book = Book()
        self.book.load(STATE)

    def forward(self, message: str) -> Fields:
        with dspy.context(adapter=dspy.JSONAdapter()):
            return Fields(**self.book(message=message))
