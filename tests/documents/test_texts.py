"""Text arrives as it was written, whatever its encoding, and a guess is called a guess."""

import gzip
import json
import os

import pytest

from kit.documents import errors
from kit.documents.pages import pages, read_all
from kit.documents.texts import decoded

POLISH = "Zażółć gęślą jaźń. Umowa zostaje zawarta na czas nieokreślony między stronami, które ją podpisały."


@pytest.fixture
def put(tmp_path):
    """Write bytes to a file and return its path."""

    def write(name, data):
        (tmp_path / name).write_bytes(data)
        return tmp_path / name

    return write


class TestEncodings:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
    @pytest.mark.parametrize("name", ["a.txt", "a.csv", "a"])
    def test_marks_and_utf8_are_certain(self, put, encoding, name):
        """A byte order mark decides, is not part of the text, and needs no note."""
        page = pages(put(name, "Café, 5 €".encode(encoding)))[0]
        assert "Café" in page.text
        assert "5 €" in page.text
        assert "\ufeff" not in page.text
        assert "guess" not in page.note

    def test_windows_text_has_its_quotes_and_euros(self, put):
        """Latin-1 would make control characters of them."""
        page = pages(put("a.csv", "name;eur\n“Café”;5 €\n".encode("cp1252")))[0]
        assert page.text == "| name | eur |\n| --- | --- |\n| “Café” | 5 € |"
        assert "read as cp1252, a guess" in page.note

    @pytest.mark.parametrize(
        ("encoding", "text"),
        [("cp1250", POLISH), ("cp1251", "Договор аренды жилого помещения заключён сторонами.")],
    )
    def test_other_alphabets_are_guessed_right(self, encoding, text):
        """Polish and Russian are not read as Western symbols."""
        found, note = decoded(text.encode(encoding))
        assert found == text
        assert "guess" in note[0]

    def test_control_characters_are_counted(self, put):
        """A zero byte in a cell is kept, and a reader learns of it."""
        page = pages(put("a.csv", b"name\na\0b\n"))[0]
        assert "a\0b" in page.text
        assert page.note == "1 control characters are in it, as in files that are no text"

    def test_garbled_text_is_said(self, put):
        """Text that was decoded wrongly before it came here is valid UTF-8 all the same."""
        garbled = "Café und Rosé".encode().decode("cp1252")
        assert 'garbled ("Ã©")' in pages(put("a.txt", garbled.encode()))[0].note

    def test_one_broken_byte_garbles_no_other(self):
        """UTF-8 stays UTF-8: the broken byte alone is lost, and counted by its page."""
        text, note = decoded("Überweisung für Größe ".encode() * 9 + b"\xff")
        assert (text.count("Überweisung für Größe"), text[-1], note) == (9, "\ufffd", [])

    def test_xml_is_read_as_it_declares(self, put):
        """No guess is needed where a file says its encoding."""
        page = pages(
            put("a.xml", '<?xml version="1.0" encoding="windows-1251"?><a>Счёт</a>'.encode("cp1251"))
        )[0]
        assert ("Счёт" in page.text, page.note) == (True, "")

    def test_japanese_of_unix(self):
        """EUC-JP is not taken for Chinese."""
        assert decoded("請求書番号は四千七百です。支払期限は五月末日です。".encode("euc_jp"))[0].startswith(
            "請求書番号"
        )

    def test_lost_characters_are_counted(self, put):
        """A replacement character stands for one that is gone."""
        assert "2 characters could not be decoded" in pages(put("a.txt", "a\ufffdb\ufffd".encode()))[0].note


class TestWebPages:
    def test_what_is_left_out_is_said(self, put):
        """A menu is not read, and its size is known."""
        page = pages(put("a.html", b"<nav><a>Home</a></nav><main><h1>Hours</h1><p>At ten.</p></main>"))[0]
        assert page.text == "# Hours\n\nAt ten."
        assert "menus, headers and footers are left out" in page.note

    def test_a_page_in_latin_1(self, put):
        """Declared or not, its letters arrive."""
        for head in ("<meta charset=iso-8859-1>", ""):
            assert "Grüße" in pages(put("a.html", f"<html>{head}<p>Grüße</p>".encode("latin-1")))[0].text

    def test_what_stands_in_a_form_is_counted(self, put):
        """What somebody typed into a page is not in its text, and a reader learns of it."""
        form = """<p>Application</p><input name=who value=Jo><input type=checkbox checked id=smoker>
            <input type=radio name=colour value=red><input type=password name=pin value=1234>
            <select name=land><option>Peru<option selected>Fiji</select><textarea name=why>Work</textarea>"""
        page = pages(put("a.html", form.encode()))[0]
        assert "form fields, whose contents are not read: 6" in page.note

    def test_hidden_and_scripted_parts_are_counted(self, put):
        """What a browser hides, or shows only without scripts, is left out, and said."""
        page = "<p>Open</p><noscript>Call us</noscript><div style='display: none'>3 a.m.</div><svg></svg>"
        note = pages(put("a.html", page.encode()))[0].note
        assert "elements not read: 1 noscript, 1 svg" in note
        assert "elements that the page hides, left out: 1" in note
        assert "screenshot" not in note


class TestNotebooks:
    def test_outputs_are_read_and_pictures_counted(self, put):
        """A notebook's numbers are in its outputs."""
        printed = {"output_type": "stream", "name": "stdout", "text": "accuracy 0.81"}
        drawn = {"output_type": "display_data", "metadata": {}, "data": {"image/png": "iVBORw0KGgo="}}
        cell = {"cell_type": "code", "source": "score()", "metadata": {}, "outputs": [printed, drawn]}
        book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell | {"execution_count": 1}]}
        page = pages(put("a.ipynb", json.dumps(book).encode()))[0]
        assert "accuracy 0.81" in page.text
        assert "pictures among the outputs are not read" in page.note


class TestOtherKinds:
    @pytest.mark.parametrize(
        ("name", "data", "way"),
        [
            ("a.rtf", rb"{\rtf1\ansi Dear}", r"Save it as \.docx or PDF"),
            ("a.txt", rb"{\rtf1\ansi Dear}", r"Save it as \.docx or PDF"),
            ("a.7z", b"7z\xbc\xaf\x27\x1c" + bytes(20), "Unpack it first"),
            ("a.csv.gz", gzip.compress(b"a,b"), "Unpack it first"),
            ("a.parquet", b"PAR1" + bytes(20), r"pandas\.read_parquet"),
            ("a.avif", bytes(4) + b"ftypavif" + bytes(20), "Save it as PNG or JPEG"),
            ("a.heic", bytes(4) + b"ftypheic" + bytes(20), "Save it as PNG or JPEG"),
        ],
        ids=lambda value: (
            value if isinstance(value, str) and value.startswith("a.") else ""
        ),  # a gzip holds the time
    )
    def test_the_next_step_fits_the_file(self, put, name, data, way):
        """An archive is to be unpacked, a table read as a table, a picture saved as another one."""
        with pytest.raises(errors.UnsupportedFile, match=way):
            pages(put(name, data))

    def test_a_pipe_is_refused(self, tmp_path):
        """Reading it would wait for ever."""
        os.mkfifo(tmp_path / "pipe.txt")
        with pytest.raises(errors.UnsupportedFile, match="Copy what it gives into a file"):
            pages(tmp_path / "pipe.txt")


class TestNothing:
    def test_spaces_are_not_text(self, put):
        """A file of blank lines is said to be one."""
        assert pages(put("a.txt", b"\n \n"))[0].note == "there is no text in it"

    def test_a_folder_says_what_it_leaves_out(self, put, tmp_path):
        """Keys and ignored files are not read, and the folder says which."""
        put("a.txt", b"one")
        put("b.pdf.txt", b"two")
        put(".gitignore", b"b.*\n")
        note = pages(tmp_path)[-1].note + pages(tmp_path)[0].note
        assert "b.pdf.txt" in note
        assert any("b.pdf.txt" in str(outcome.error) for outcome in read_all([tmp_path]))
