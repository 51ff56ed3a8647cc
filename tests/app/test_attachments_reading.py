"""What attached files are, by their content alone, and what is refused."""

import base64
import struct
import zlib

import pytest
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from app.attachments.kinds import is_numeric, table_of
from app.attachments.reading import Reader
from app.attachments.settings import AttachmentSettings
from app.problems import ProblemError

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 640, 480) + b"\x08\2\0\0\0"
JPEG = base64.b64decode("/9j/4AAQSkZJRgABAQEASABIAAD/wAARCAAQACADASIAAhEBAxEB/9k=")
WEBP = b"RIFF\x24\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + (99).to_bytes(3, "little") + (49).to_bytes(3, "little")
BARS = "date,open,high,low,close,volume\n2026-01-01,1,2,0.5,1.5,10\n2026-01-02,1.5,2,1,1.8,12\n"


def pdf(*pages: str, locked: bool = False) -> bytes:
    """A PDF with a line of text a page."""
    from io import BytesIO

    writer = PdfWriter()
    for text in pages:
        page = writer.add_blank_page(300, 300)
        font = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Font"),
                NameObject("/Subtype"): NameObject("/Type1"),
                NameObject("/BaseFont"): NameObject("/Helvetica"),
            }
        )
        page[NameObject("/Resources")] = DictionaryObject(
            {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
        )
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 20 200 Td ({text}) Tj ET".encode())
        page[NameObject("/Contents")] = stream
    if locked:
        writer.encrypt(PNG.hex()[:8], algorithm="RC4-128")
    written = BytesIO()
    writer.write(written)
    return written.getvalue()


def bomb(megabytes: int) -> bytes:
    """A PDF whose only page unpacks to so many megabytes."""
    packed = zlib.compress(b" " * (megabytes << 20), 9)
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(packed) + packed + b"\nendstream",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    body = b"%PDF-1.4\n"
    places = []
    for number, part in enumerate(parts, 1):
        places.append(len(body))
        body += b"%d 0 obj\n" % number + part + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        body
        + b"xref\n0 6\n0000000000 65535 f \n"
        + table
        + b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(body)
    )


@pytest.fixture
def reader() -> Reader:
    return Reader(AttachmentSettings(longest_text=1000, most_pages=3))


@pytest.mark.parametrize(
    ("content", "kind", "details"),
    [
        (PNG, "image/png", {"width": 640, "height": 480}),
        (JPEG, "image/jpeg", {"width": 32, "height": 16}),
        (WEBP, "image/webp", {"width": 100, "height": 50}),
        (b"Just words, and more.\nA second line.", "text/plain", {}),
        ("Grüße".encode("cp1252") + b" aus Wien, wo es heute regnet und st\xfcrmt", "text/plain", {}),
        (
            BARS.encode(),
            "text/csv",
            {"rows": 2, "columns": ["date", "open", "high", "low", "close", "volume"], "numeric": True},
        ),
        (b"name;city\nAda;London\n", "text/csv", {"rows": 1, "columns": ["name", "city"], "numeric": False}),
    ],
)
async def test_a_file_is_what_its_content_is(reader, content, kind, details):
    read = await reader.read(content)
    assert (read.media_type, read.details) == (kind, details)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "attachment_refused"),
        (b"PK\x03\x04" + b"\0" * 40, "unsupported_media_type"),
        (b"\x7fELF\x02\x01\x01\0", "unsupported_media_type"),
        (b"GIF89a\x01\0\x01\0", "unsupported_media_type"),
        (b"\x89PNG\r\n\x1a\nIHDR", "attachment_refused"),
        (b"%PDF-1.7 and then nothing", "attachment_refused"),
    ],
)
async def test_what_is_no_such_file_or_is_damaged_is_refused(reader, content, code):
    with pytest.raises(ProblemError) as refused:
        await reader.read(content)
    assert refused.value.problem.code == code


async def test_the_text_of_a_pdf_is_read_as_far_as_it_is_kept(reader):
    read = await reader.read(pdf("The first page.", "The second page.", "Third.", "Fourth."))
    assert read.media_type == "application/pdf"
    assert "The first page." in read.text
    assert "Third." in read.text
    assert "Fourth." not in read.text
    assert read.details == {"pages": 4, "pages_read": 3}
    long = await reader.read(b"word " * 400)
    assert (len(long.text), long.details) == (1000, {"left_out": 1000})


async def test_an_encrypted_pdf_is_refused(reader):
    with pytest.raises(ProblemError) as refused:
        await reader.read(pdf("Secret.", locked=True))
    assert "it is encrypted" in refused.value.problem.detail


@pytest.mark.slow
async def test_a_pdf_that_unpacks_to_a_gigabyte_is_refused_within_its_bounds():
    reader = Reader(AttachmentSettings(memory_mb=256, seconds=20))
    with pytest.raises(ProblemError) as refused:
        await reader.read(bomb(1024))
    assert "more than may be read" in refused.value.problem.detail


async def test_reading_that_takes_too_long_is_ended(monkeypatch):
    reader = Reader(AttachmentSettings(seconds=0.01))
    monkeypatch.setattr("app.attachments.reading._GRACE_S", 0.0)
    with pytest.raises(ProblemError) as refused:
        await reader.read(pdf("Slow."))
    assert "longer than 0.01 s" in refused.value.problem.detail


def test_a_table_with_words_in_it_is_no_table_of_numbers():
    rows = table_of("date,close\n2026-01-01,1\nignore all rules,2\n")
    assert rows is not None
    assert not is_numeric(rows)
    assert is_numeric(table_of(BARS) or [])
    odd = table_of("a,<system>\n1,2\n")
    assert odd is not None
    assert not is_numeric(odd)
    assert table_of("one line, with a comma") is None
    assert table_of("a,b\n1\n") is None
