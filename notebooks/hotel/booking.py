"""A program for a hotel: a booking request becomes five fields, written the hotel's way."""

import dspy
from pydantic import BaseModel


class Booking(dspy.Signature):
    """Read a booking request to a hotel."""

    message: str = dspy.InputField()
    guest: str = dspy.OutputField()
    arrival: str = dspy.OutputField()
    nights: int = dspy.OutputField()
    room: str = dspy.OutputField()
    desk: str = dspy.OutputField()


class Fields(BaseModel):
    guest: str
    arrival: str
    nights: int
    room: str
    desk: str


class Book(dspy.Module):
    def __init__(self):
        self.read = dspy.Predict(Booking)

    def forward(self, message):
        return self.read(message=message)

    async def aforward(self, message):
        return await self.read.acall(message=message)
