"""Small documents of the usual formats, made by hand, and hostile ones."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping
from xml.sax.saxutils import escape

from PIL import Image

_XML = '<?xml version="1.0" encoding="UTF-8"?>'
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006"
_WORDS = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_SHEETS = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_SLIDES = "http://schemas.openxmlformats.org/presentationml/2006/main"
_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
_ODF = "urn:oasis:names:tc:opendocument:xmlns"


def zipped(entries: Mapping[str, str | bytes], first: tuple[str, str] | None = None) -> bytes:
    """first: an entry that stands uncompressed at the beginning."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        if first is not None:
            archive.writestr(first[0], first[1], zipfile.ZIP_STORED)
        for name, content in entries.items():
            archive.writestr(name, content)
    return made.getvalue()


def docx(*paragraphs: str) -> bytes:
    """A Word document."""
    body = "".join(f"<w:p><w:r><w:t>{escape(text)}</w:t></w:r></w:p>" for text in paragraphs)
    return _office("word/document.xml", f'<w:document xmlns:w="{_WORDS}"><w:body>{body}</w:body></w:document>')


def xlsx(*rows: tuple[str, ...]) -> bytes:
    """An Excel workbook with one sheet."""
    cells = "".join(
        f'<row r="{number}">'
        + "".join(
            f'<c r="{chr(65 + column)}{number}" t="inlineStr"><is><t>{escape(text)}</t></is></c>'
            for column, text in enumerate(row)
        )
        + "</row>"
        for number, row in enumerate(rows, 1)
    )
    return _office(
        "xl/workbook.xml",
        f'<workbook xmlns="{_SHEETS}" xmlns:r="{_OFFICE}/relationships">'
        '<sheets><sheet name="Numbers" sheetId="1" r:id="rId1"/></sheets></workbook>',
        {
            "xl/_rels/workbook.xml.rels": _relations("worksheet", "worksheets/sheet1.xml"),
            "xl/worksheets/sheet1.xml": (
                f'{_XML}<worksheet xmlns="{_SHEETS}"><sheetData>{cells}</sheetData></worksheet>'
            ),
        },
    )


def pptx(text: str) -> bytes:
    """A presentation with one slide."""
    spaces = f'xmlns:a="{_DRAWING}" xmlns:p="{_SLIDES}" xmlns:r="{_OFFICE}/relationships"'
    shape = f"<p:sp><p:txBody><a:p><a:r><a:t>{escape(text)}</a:t></a:r></a:p></p:txBody></p:sp>"
    return _office(
        "ppt/presentation.xml",
        f'<p:presentation {spaces}><p:sldIdLst><p:sldId id="256" r:id="rId1"/></p:sldIdLst></p:presentation>',
        {
            "ppt/_rels/presentation.xml.rels": _relations("slide", "slides/slide1.xml"),
            "ppt/slides/slide1.xml": f"{_XML}<p:sld {spaces}><p:cSld><p:spTree>{shape}</p:spTree></p:cSld></p:sld>",
        },
    )


def odt(text: str) -> bytes:
    """A LibreOffice text."""
    spaces = f'xmlns:office="{_ODF}:office:1.0" xmlns:text="{_ODF}:text:1.0"'
    content = (
        f"{_XML}<office:document-content {spaces}><office:body><office:text><text:p>{escape(text)}</text:p>"
        "</office:text></office:body></office:document-content>"
    )
    return zipped({"content.xml": content}, ("mimetype", "application/vnd.oasis.opendocument.text"))


def epub(text: str) -> bytes:
    """A book of one chapter."""
    container = (
        f'{_XML}<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
        '<rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
    )
    book = (
        f'{_XML}<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata/>'
        '<manifest><item id="c" href="c.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="c"/></spine></package>'
    )
    chapter = f'{_XML}<html xmlns="http://www.w3.org/1999/xhtml"><body><p>{escape(text)}</p></body></html>'
    entries = {"META-INF/container.xml": container, "book.opf": book, "c.xhtml": chapter}
    return zipped(entries, ("mimetype", "application/epub+zip"))


def rtf(text: str) -> bytes:
    """Rich text; what is not ASCII as Unicode escapes."""
    body = "".join(character if character.isascii() else f"\\u{ord(character)}?" for character in text)
    return f"{{\\rtf1\\ansi {body}}}".encode()


def pdf(text: str, *, encrypted: bool = False) -> bytes:
    """One page; encrypted by a password nobody knows."""
    page = f"BT /F1 18 Tf 10 100 Td ({text}) Tj ET".encode()
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 144] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(page), page),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    more = b""
    if encrypted:
        bodies.append(
            b"<< /Filter /Standard /V 2 /R 3 /Length 128 /P -3904 /O <%b> /U <%b> >>" % (b"5a" * 32, b"a5" * 32)
        )
        more = b" /Encrypt 6 0 R /ID [<%b> <%b>]" % (b"00" * 16, b"00" * 16)
    made = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    places: list[int] = []
    for number, body in enumerate(bodies, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(bodies) + 1
    return made + (
        b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<< /Size %d /Root 1 0 R%b >>\nstartxref\n%d\n%%%%EOF\n"
        % (size, table, size, more, len(made))
    )


def zip_bomb(megabytes: int) -> bytes:
    """A Word document that unfolds to so much text; made piece by piece, so that who makes it stays small."""
    main = "word/document.xml"
    made = io.BytesIO(zipped(_declaring(main)))
    with (
        zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open(main, "w") as entry,
    ):
        entry.write(f'{_XML}<w:document xmlns:w="{_WORDS}"><w:body>'.encode())
        for _ in range(megabytes):
            entry.write(b"<w:p><w:r><w:t>" + b"a" * 1_000_000 + b"</w:t></w:r></w:p>")
        entry.write(b"</w:body></w:document>")
    return made.getvalue()


def picture(kind: str = "PNG", size: tuple[int, int] = (40, 30), colour: str = "tomato", mode: str = "RGB") -> bytes:
    """A picture of one colour."""
    made = io.BytesIO()
    Image.new(mode, size, colour).save(made, kind)
    return made.getvalue()


def picture_bomb() -> bytes:
    """A picture of 400 million points in some ten kilobytes."""
    made = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(made, "PNG")
    return made.getvalue()


def wav(seconds: float = 0.1) -> bytes:
    """Silence."""
    samples = b"\0\0" * int(8000 * seconds)
    head = struct.pack("<4sI4s4sIHHIIHH4sI", b"RIFF", 36 + len(samples), b"WAVE", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16,
                       b"data", len(samples))  # fmt: skip
    return head + samples


def _office(main: str, content: str, more: Mapping[str, str] | None = None) -> bytes:
    return zipped({**_declaring(main), main: f"{_XML}{content}", **(more or {})})


def _declaring(main: str) -> dict[str, str | bytes]:
    """What says of which kind the main part is."""
    kinds = {
        "word/document.xml": "wordprocessingml.document.main",
        "xl/workbook.xml": "spreadsheetml.sheet.main",
        "ppt/presentation.xml": "presentationml.presentation.main",
    }
    types = (
        f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        f'<Override PartName="/{main}" ContentType="application/vnd.openxmlformats-officedocument.{kinds[main]}+xml"/>'
        "</Types>"
    )
    return {"[Content_Types].xml": types, "_rels/.rels": _relations("officeDocument", main)}


def _relations(kind: str, target: str) -> str:
    return (
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{_OFFICE}/relationships/{kind}" Target="{target}"/></Relationships>'
    )
