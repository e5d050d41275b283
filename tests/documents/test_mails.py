"""A mail is its headers, its words, and the pages of everything that is attached to it."""

import io
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas

from kit.documents import errors
from kit.documents.pages import pages, read_all

OUTLOOK = Path(__file__).parent / "files" / "mail.msg"


def pdf(text):
    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    canvas.drawString(20, 100, text)
    canvas.save()
    return buffer.getvalue()


def letter(subject="Level 2", body="It closes at ten.\n"):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "Ada <ada@example.org>", "bo@example.org", subject
    mail["Date"] = "Mon, 01 Mar 2027 09:30:00 +0000"
    mail.set_content(body)
    return mail


@pytest.fixture
def put(tmp_path):
    """Write a mail to a file and return its path."""

    def write(mail, name="a.eml"):
        (tmp_path / name).write_bytes(mail if isinstance(mail, bytes) else mail.as_bytes())
        return tmp_path / name

    return write


HEAD = (
    "From: Ada <ada@example.org>\nTo: bo@example.org\nDate: Mon, 01 Mar 2027 09:30:00 +0000\nSubject: Level 2"
)


class TestMails:
    def test_headers_and_body(self, put):
        """Who, to whom, when and what about come first, then the words."""
        page = pages(put(letter()))[0]
        assert page.text == f"{HEAD}\n\nIt closes at ten."
        assert page.note == ""

    def test_a_body_in_html_becomes_text(self, put):
        """A mail without plain text is read like a web page."""
        mail = letter()
        mail.set_content("<p>It closes at <b>ten</b>.</p>", subtype="html")
        assert pages(put(mail))[0].text == f"{HEAD}\n\nIt closes at **ten**."

    def test_a_stub_does_not_hide_the_page(self, put):
        """Where the plain text only says that HTML is needed, the HTML is read."""
        mail = letter(body="Open this mail in a browser.\n")
        mail.add_alternative("<p>" + "Rent is due on the first day. " * 5 + "</p>", subtype="html")
        assert "Rent is due" in pages(put(mail))[0].text

    def test_encoded_headers_and_bodies(self, put):
        """Quoted printable, base64 and Latin-1 are undone."""
        raw = (
            b"Subject: =?iso-8859-1?q?Gr=FC=DFe?=\nContent-Type: text/plain; charset=iso-8859-1\n\nSch\xf6n."
        )
        assert pages(put(raw))[0].text == "Subject: Grüße\n\nSchön."

    def test_attachments_are_named_and_read(self, put):
        """The text names each file, and its pages follow the mail's; a packed file is said."""
        mail, packed = letter(), io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("zones.csv", "zone\nA\n")
        mail.add_attachment(pdf("the lease"), maintype="application", subtype="pdf", filename="lease.pdf")
        mail.add_attachment(packed.getvalue(), maintype="application", subtype="zip", filename="all.zip")
        found = pages(put(mail))
        assert "Attachments: lease.pdf, all.zip" in found[0].text
        assert [(page.source, page.text) for page in found[1:]] == [
            ("a.eml/lease.pdf", "the lease"),
        ]
        assert "all.zip: an archive in a mail is not unpacked. Save it" in found[0].note

    def test_a_mail_in_a_mail_is_read(self, put):
        """A forwarded mail is an attachment, and so is what hangs on it."""
        inner, outer = letter("Old"), letter()
        inner.add_attachment(b"a,b\n1,2\n", maintype="text", subtype="csv", filename="t.csv")
        outer.add_attachment(inner)
        assert [page.source for page in pages(put(outer))] == [
            "a.eml",
            "a.eml/Old.eml",
            "a.eml/Old.eml/t.csv",
        ]

    def test_an_attachment_that_cannot_be_read_is_said(self, put):
        """The mail is read, its note names the file and why; in a batch the file has a row of its own."""
        mail = letter()
        mail.add_attachment(bytes(range(256)), maintype="application", subtype="x", filename="model.xyz")
        path = put(mail)
        assert pages(path)[0].note == (
            "not read: model.xyz: nothing here reads .xyz files. Save it as PDF, text or a picture."
        )
        assert [(one.source, type(one.error)) for one in read_all([path])] == [
            ("a.eml", type(None)),
            ("a.eml/model.xyz", errors.UnsupportedFile),
        ]

    def test_a_hundred_attachments_are_the_most(self, put):
        """A mail cannot unfold without end."""
        mail = letter()
        for number in range(102):
            mail.add_attachment(b"x", maintype="text", subtype="plain", filename=f"{number}.txt")
        found = pages(put(mail))
        assert len(found) == 101
        assert found[0].note.count("100 files") == 2

    def test_what_only_the_html_says_is_read(self, put):
        """The total in a table of the HTML is often not in the plain text of the same mail."""
        mail = letter(body="The total of your order is in the table below.\n")
        page = (
            "<p>The <b>total</b> of your order is <a href='https://example.org/9'>in the table</a> below.</p>"
        )
        mail.add_alternative(page + "<table><tr><td>Total</td><td>99.50</td></tr></table>", subtype="html")
        text = pages(put(mail))[0].text
        assert "Total" in text
        assert "99.50" in text

    @pytest.mark.parametrize(
        ("text", "page", "note"),
        [
            ("Yes.\n", "<p>The offer stands until Friday.</p>", "its plain text"),
            ("The offer stands until Friday, she says.\n", "<p>Total 99.50</p>", "its HTML version"),
            ("The offer stands.\n", "<p>The <b>offer</b> stands.</p>", ""),
        ],
    )
    def test_words_of_the_version_that_is_not_read_are_said(self, put, text, page, note):
        """A mail of two versions is read once; a note says when the other one has words of its own."""
        mail = letter(body=text)
        mail.add_alternative(page, subtype="html")
        found = pages(put(mail))[0].note
        assert found.startswith(note)
        assert bool(found) == bool(note)

    def test_a_report_on_delivery_is_read(self, put):
        """Why a mail came back is in a part that is made of headers only."""
        report = (
            b"From: mailer@example.org\nSubject: Returned\nMIME-Version: 1.0\n"
            b"Content-Type: multipart/report; boundary=B\n\n--B\nContent-Type: text/plain\n\nSorry.\n"
            b"--B\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; example.org\n\n"
            b"Final-Recipient: rfc822; bo@example.org\nAction: failed\nStatus: 5.1.1\n--B--\n"
        )
        assert "Action: failed\nStatus: 5.1.1" in pages(put(report))[1].text

    def test_a_mail_that_breaks_off_says_so(self, put):
        """A download that stopped within an attachment leaves a file that looks like any other."""
        mail = letter()
        mail.add_attachment(b"0123456789" * 99, maintype="application", subtype="pdf", filename="a.pdf")
        whole = mail.as_bytes()
        assert pages(put(whole[: whole.rindex(b"\n--") - 99]))[0].note.startswith("the mail is damaged or")
        assert "damaged" not in pages(put(letter()))[0].note

    def test_a_web_archive_is_read(self, put):
        """Word saves web pages in this form, even under the name .doc."""
        mail = EmailMessage()
        mail["MIME-Version"] = "1.0"
        mail.set_content("<html><body><p>Offer 7</p></body></html>", subtype="html")
        mail.make_related()
        page = pages(put(mail, "offer.doc"))[0]
        assert (page.text, page.note) == ("Offer 7", "named .doc, read as .eml")


class TestOutlook:
    def test_a_msg_is_read_like_a_mail(self):
        """Headers, body and attachments of Outlook's own format."""
        mail, prices = pages(OUTLOOK)
        assert mail.text == (
            'From: "Ada Example" <ada@example.org>\nTo: Bo <bo@example.org>\nCc: Cy <cy@example.org>\n'
            "Date: 2027-03-01 09:30 UTC\nSubject: New prices for zone A\nAttachments: prices.csv\n\n"
            "Dear Bo,\n\nthe new prices are attached: 3,20 € an hour."
        )
        assert (prices.source, prices.text) == (
            "mail.msg/prices.csv",
            "| zone | eur |\n| --- | --- |\n| A | 3.20 |",
        )

    def test_a_msg_that_breaks_off_is_corrupt(self, put):
        """Half a mail is an error."""
        with pytest.raises(errors.CorruptFile, match="Save it again"):
            pages(put(OUTLOOK.read_bytes()[:3000], "half.msg"))
