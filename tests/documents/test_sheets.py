"""Every row of a table is read, and what a workbook hides is said."""

import io
import zipfile
from datetime import datetime

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment

from kit.documents import errors
from kit.documents.pages import pages


@pytest.fixture
def book(tmp_path):
    """Save a workbook that `fill(workbook)` filled, and return its path."""

    def save(fill, name="b.xlsx"):
        workbook = openpyxl.Workbook()
        workbook.active.title = "one"
        fill(workbook)
        workbook.save(tmp_path / name)
        return tmp_path / name

    return save


class TestRows:
    def test_all_rows_of_a_csv_are_read(self, tmp_path):
        """The last of 5,000 rows is in the text, and nothing needs a note."""
        path = tmp_path / "orders.csv"
        path.write_text("id,item\n" + "".join(f"{row},item {row}\n" for row in range(1, 5001)))
        page = pages(path)[0]
        assert page.text.endswith("| 5000 | item 5000 |")
        assert page.note == ""

    def test_all_rows_of_a_sheet_are_read(self, book):
        """So is the last of 1,000 rows of a workbook."""
        page = pages(book(lambda workbook: [workbook.active.append([row]) for row in range(1000)]))[0]
        assert page.text.splitlines()[-1] == "999"
        assert page.note == ""

    def test_rows_beyond_the_limit_are_counted(self, book, tmp_path):
        """Both kinds of table say how much of them is here."""
        (tmp_path / "a.csv").write_text("id\n" + "1234\n" * 100)
        assert pages(tmp_path / "a.csv", characters=53)[0].note == (
            "the first 53 of 503 characters (11 of 101 lines) are here; raise characters= for the rest"
        )
        sheet = pages(
            book(lambda workbook: [workbook.active.append([1234]) for _ in range(100)]), characters=49
        )[0]
        assert "rows 1 to 10 are here" in sheet.note

    def test_a_wrong_size_in_the_file_hides_no_rows(self, book, tmp_path):
        """Some programs write that a sheet is A1 only; its other cells are read all the same."""
        path = book(lambda workbook: [workbook.active.append(["a", "b"]) for _ in range(3)])
        with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "c.xlsx", "w") as new:
            for name in old.namelist():
                new.writestr(name, old.read(name).replace(b'<dimension ref="A1:B3"', b'<dimension ref="A1"'))
        assert pages(tmp_path / "c.xlsx")[0].text == "# one\na,b\na,b\na,b"

    def test_one_cell_far_away_is_refused(self, book):
        """A cell in the last row and column makes a sheet 17 billion cells large; the message says so."""

        def fill(workbook):
            workbook.active["B2"], workbook.active["XFD1048576"] = "near", "far"

        with pytest.raises(errors.FileTooLarge, match="sheet one has 1,048,576 rows by 16,384 columns"):
            pages(book(fill))

    def test_counting_the_rows_that_are_left_out_is_bounded(self, book):
        """A reader that has enough characters does not go on for minutes to count the rest."""
        path = book(lambda workbook: [workbook.active.append([row]) for row in range(3000)])
        with pytest.raises(errors.TookTooLong, match=r"at (row|sheet)"):
            pages(path, characters=5, seconds=0)


class TestHidden:
    def test_hidden_sheets_rows_and_columns_are_read_and_said(self, book):
        """Hidden is not gone: the values are there, with a note."""

        def fill(workbook):
            workbook.active.append(["a", "b", "c"])
            workbook.active.append([1, 2, 3])
            workbook.active.row_dimensions[2].hidden = True
            workbook.active.column_dimensions["B"].hidden = True
            hidden = workbook.create_sheet("costs")
            hidden.append(["margin"])
            hidden.sheet_state = "veryHidden"

        one, costs = pages(book(fill))
        assert one.text == "# one\na,b,c\n1,2,3"
        assert one.note == "hidden rows, which are read: 2; hidden columns, which are read: 2 to 2"
        assert (costs.text, costs.note) == ("# costs\nmargin", "a hidden sheet; it is read")

    def test_a_formula_without_a_value_stands_as_the_formula(self, book):
        """A cell that no program has computed is not an empty cell."""

        def fill(workbook):
            workbook.active.append([1, 2, "=A1+B1"])

        page = pages(book(fill))[0]
        assert page.text == "# one\n1,2,=A1+B1"
        assert page.note.startswith("formulas without a computed value, written as formulas: C1")

    def test_merged_cells_and_comments_are_said(self, book):
        """The range of a merged cell is named, and a comment is in the text."""

        def fill(workbook):
            workbook.active["A1"] = "head"
            workbook.active.merge_cells("A1:C1")
            workbook.active["A1"].comment = Comment("estimated", "Jo")

        page = pages(book(fill))[0]
        assert page.text == "# one\nhead,,\n\nComments:\nA1: estimated"
        assert page.note == "merged cells, with the value in the first one only: A1:C1"

    def test_charts_are_said_and_chart_sheets_do_not_break_the_workbook(self, book):
        """A sheet that is only a chart keeps its place among the pages."""

        def fill(workbook):
            workbook.active.append([1, 2])
            chart = BarChart()
            chart.add_data(Reference(workbook.active, min_col=1, max_col=2, min_row=1))
            workbook.create_chartsheet("drawn").add_chart(chart)

        table, drawn = pages(book(fill))
        assert (table.text, drawn.note) == ("# one\n1,2", "a sheet that is a chart; it is not read")
        assert table.note.startswith("charts of the workbook not read")

    def test_files_and_diagrams_in_a_workbook_are_said(self, book):
        """What is embedded is counted, and the words of a diagram are read."""
        path = book(lambda workbook: workbook.active.append(["a"]))
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("xl/embeddings/oleObject1.bin", b"x")
            archive.writestr("xl/diagrams/data1.xml", '<d xmlns:a="a"><a:p><a:t>First step</a:t></a:p></d>')
        page = pages(path)[0]
        assert page.text.endswith("First step")
        assert page.note == "embedded files of the workbook not read (save it as PDF to see them): 1"


class TestForms:
    def test_numbers_are_written_as_their_formats_show_them(self, book):
        """7.5 % is no 0.075, a date has no time, a numeral keeps its zeros; no digit is rounded away."""

        def fill(workbook):
            sheet = workbook.active
            sheet.append([0.0754, datetime(2026, 1, 31), datetime(2026, 1, 31, 9, 30), 42, 1234.5, True])
            forms = ["0%", "dd/mm/yyyy", "dd/mm hh:mm", "00000", "#,##0", "0%"]
            for cell, form in zip(sheet[1], forms, strict=True):
                cell.number_format = form

        page = pages(book(fill))[0]
        assert page.text == "# one\n7.54%,2026-01-31,2026-01-31 09:30:00,00042,1234.5,True"
        assert page.note == ""

    def test_currencies_of_formats_and_addresses_of_links_are_said(self, book):
        """The words of a format are no part of the value; nor is the address behind a cell."""

        def fill(workbook):
            workbook.active["A1"], workbook.active["B1"] = 12.5, 7
            workbook.active["A1"].number_format = '#,##0.00 "EUR"'
            workbook.active["B1"].number_format = "[$£-809]0"
            workbook.active["B1"].hyperlink = "https://example.org/x"

        page = pages(book(fill))[0]
        assert page.text == "# one\n12.5,7"
        assert page.note == (
            "words and signs of number formats, left out: EUR in A1, £ in B1; addresses of links, left out: 1"
        )

    def test_a_web_page_named_xls_is_read_as_a_web_page(self, tmp_path):
        """Many programs export a web page under this name."""
        (tmp_path / "export.xls").write_text(
            "<html><table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>7</td></tr></table></html>"
        )
        page = pages(tmp_path / "export.xls")[0]
        assert "| 1 | 7 |" in page.text
        assert page.note == "named .xls, read as .html"


def test_a_binary_workbook_is_named(tmp_path):
    """An .xlsb is neither broken nor an .xlsx, whatever it is called."""
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.bin", b"\0")
    with pytest.raises(errors.UnsupportedFile, match=r"nothing here reads \.xlsb files\. Save it as \.xlsx"):
        pages(tmp_path / "b.xlsx")


def test_a_workbook_that_swells_is_refused(tmp_path, monkeypatch):
    """A small zip may unpack to gigabytes: its own table of contents is enough to refuse it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", bytes(301_000_000))
    (tmp_path / "bomb.xlsx").write_bytes(buffer.getvalue())
    with pytest.raises(errors.FileTooLarge, match=r"unpacks to 301,000,008 bytes"):
        pages(tmp_path / "bomb.xlsx")
