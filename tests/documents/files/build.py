"""Build the two files that no library of the project can write: an .xls and a .msg.

uv run --no-project --with xlwt --with msgforge python tests/documents/files/build.py
"""

import datetime
from pathlib import Path

HERE = Path(__file__).parent


def workbook():
    """Return 300 rows, with a date, a hidden row, and a hidden sheet."""
    import xlwt

    book = xlwt.Workbook()
    sheet = book.add_sheet("prices")
    sheet.write(0, 0, "day")
    sheet.write(0, 1, datetime.date(2027, 3, 1), xlwt.easyxf(num_format_str="YYYY-MM-DD"))
    for row in range(1, 300):
        sheet.write(row, 0, f"item {row}")
        sheet.write(row, 1, row / 4)
    sheet.row(7).hidden = True
    sheet.write(300, 0, True)
    book.add_sheet("costs").write(0, 0, "secret margin")
    book.get_sheet(1).visibility = 1
    return book


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
    workbook().save(HERE / "prices.xls")
    (HERE / "mail.msg").write_bytes(mail().as_bytes())
