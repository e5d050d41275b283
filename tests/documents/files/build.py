"""Build the file that no library of the project can write: a .msg.

uv run --no-project --with msgforge python tests/documents/files/build.py
"""

import datetime
from pathlib import Path

HERE = Path(__file__).parent


def mail():
    """Return a mail with a table of prices attached to it."""
    from msgforge import Message

    message = Message(
        subject="New prices for zone A",
        text_body="Dear Bo,\n\nthe new prices are attached: 3,20 € an hour.\n",
        html_body="<p>the new prices are attached</p>",
        to=[("bo@example.org", "Bo")],
        cc=[("cy@example.org", "Cy")],
        sender=("ada@example.org", "Ada Example"),
        sent=datetime.datetime(2027, 3, 1, 9, 30, tzinfo=datetime.UTC),
    )
    message.attach_bytes("prices.csv", b"zone,eur\nA,3.20\n")
    return message


if __name__ == "__main__":
    (HERE / "mail.msg").write_bytes(mail().as_bytes())
