"""Files made to exhaust time or memory, or to reach outside: built in code, for the tests and the benchmark.

Each builder writes one file into a folder. `full` makes the sizes of an attack; without it, the sizes of a test.
"""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

Builder = Callable[[bool], bytes]

WORD_PARTS = {
    "[Content_Types].xml": (
        '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
        'wordprocessingml.document.main+xml"/></Types>'
    ),
    "_rels/.rels": (
        '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        '<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
        'officeDocument" Target="word/document.xml"/></Relationships>'
    ),
}
WORD = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{}</w:body></w:document>'
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10 if n else "ha"}">' for n in range(12))


def _zipped(parts: dict[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return stream.getvalue()


def _blanks(full: bool) -> str:
    return " " * ((400 if full else 40) * 1024 * 1024)


def docx_bomb(full: bool) -> bytes:
    """Hundreds of megabytes of blanks in one part of a Word file."""
    return _zipped({**WORD_PARTS, "word/document.xml": WORD.format(f"<w:p>{_blanks(full)}</w:p>")})


def docx_entities(full: bool) -> bytes:
    """Entities that expand to a trillion letters."""
    body = WORD.format("<w:p><w:r><w:t>&l11;</w:t></w:r></w:p>")
    return _zipped({**WORD_PARTS, "word/document.xml": f"<!DOCTYPE d [{LAUGHS}]>{body}"})


def xlsx_bomb(full: bool) -> bytes:
    """A sheet that swells a thousandfold."""
    return _zipped({"xl/workbook.xml": "<workbook/>", "xl/worksheets/sheet1.xml": f"<a>{_blanks(full)}</a>"})


def odt_bomb(full: bool) -> bytes:
    """An OpenDocument text that swells a thousandfold."""
    return _zipped({"mimetype": "application/vnd.oasis.opendocument.text", "content.xml": f"<a>{_blanks(full)}</a>"})


def zip_bomb(full: bool) -> bytes:
    """An archive whose texts are larger than any memory limit."""
    return _zipped({f"texte{n}.txt": _blanks(full) for n in range(2)})


def zip_in_zip(full: bool) -> bytes:
    """Archives inside archives."""
    content = b"Une phrase."
    for depth in range(200 if full else 20):
        content = _zipped({f"niveau{depth}.zip": content})
    return content


def zip_traversal(full: bool) -> bytes:
    """Members that would be written outside the folder."""
    return _zipped(
        {
            "../../dehors.txt": "Un texte qui voudrait sortir.",
            "/etc/absolu.txt": "Un texte qui voudrait sortir.",
            "C:\\dehors.txt": "Un texte qui voudrait sortir.",
        }
    )


def zip_of_many(full: bool) -> bytes:
    """More members than any corpus has."""
    return _zipped({f"{n}.txt": "" for n in range(200_000 if full else 25_000)})


def trs_entities(full: bool) -> bytes:
    """A transcription that declares entities."""
    return f'<?xml version="1.0"?><!DOCTYPE Trans [{LAUGHS}]><Trans><Episode>&l11;</Episode></Trans>'.encode()


def tei_external(full: bool) -> bytes:
    """A TEI file that asks for a file of the machine."""
    return (
        b'<?xml version="1.0"?><!DOCTYPE TEI [<!ENTITY secret SYSTEM "file:///etc/passwd">]>'
        b'<TEI xmlns="http://www.tei-c.org/ns/1.0"><text><body><p>&secret;</p></body></text></TEI>'
    )


def xml_deep(full: bool) -> bytes:
    """Elements nested beyond any stack."""
    depth = 2_000_000 if full else 100_000
    return b"<TEI>" + b"<p>" * depth + b"</p>" * depth + b"</TEI>"


def html_deep(full: bool) -> bytes:
    """A page nested beyond any stack."""
    depth = 1_000_000 if full else 100_000
    return b"<html><body>" + b"<div>" * depth + b"texte" + b"</div>" * depth


def html_attributes(full: bool) -> bytes:
    """One element with a million attributes."""
    many = 1_000_000 if full else 50_000
    return b"<html><body><p " + b"".join(b"a%d=1 " % n for n in range(many)) + b">texte</p></body></html>"


def json_deep(full: bool) -> bytes:
    """Lists nested beyond Python's recursion."""
    depth = 5_000_000 if full else 200_000
    return b"[" * depth + b"]" * depth


def text_nulls(full: bool) -> bytes:
    """Nothing but null bytes."""
    return b"\0" * ((150 if full else 5) * 1024 * 1024)


def text_one_line(full: bool) -> bytes:
    """One line without a full stop."""
    words = b"la personne attend et nous remplissons la grille et puis la suivante arrive "
    return words * ((20 if full else 1) * 1024 * 1024 // len(words))


def text_one_word(full: bool) -> bytes:
    """One word without a blank."""
    return b"a" * ((50 if full else 2) * 1024 * 1024)


def text_over_the_limit(full: bool) -> bytes:
    """A file larger than what is read."""
    return b"Une phrase. " * ((201 if full else 1) * 1024 * 1024 // 12 + 1)


def csv_huge_cell(full: bool) -> bytes:
    """A table whose quote is never closed."""
    return b'id;texte\n1;"' + b"mot " * ((40 if full else 2) * 1024 * 1024 // 4)


def rtf_deep(full: bool) -> bytes:
    """Groups nested beyond any stack."""
    depth = 5_000_000 if full else 200_000
    return b"{\\rtf1\\ansi " + b"{" * depth + b"texte" + b"}" * depth + b"}"


def rtf_binary(full: bool) -> bytes:
    """A length that the file does not have."""
    return b"{\\rtf1\\ansi{\\pict\\bin2147483647 " + b"x" * 1000 + b"}texte}"


def vtt_noise(full: bool) -> bytes:
    """Millions of arrows that lead nowhere."""
    return b"WEBVTT\n\n" + b"00:00:01.000 --> \n<v " * (1_000_000 if full else 20_000)


def pdf_pages(full: bool) -> bytes:
    """Ten thousand pages of one line."""
    return pdf_of([b"BT /F 12 Tf 72 700 Td (Une page de plus, et rien ne change.) Tj ET"] * (10_000 if full else 300))


def pdf_flate_bomb(full: bool) -> bytes:
    """A page that swells a thousandfold."""
    import zlib

    size = (1024 if full else 64) * 1024 * 1024
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b"BT ET " * 174_762) for _ in range(size // 1024 // 1024)) + packer.flush()
    return pdf_of([packed], filters=b"/Filter /FlateDecode ")


def pdf_of(pages: list[bytes], filters: bytes = b"") -> bytes:
    """A PDF of the pages given by their content streams, in Helvetica."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%s] >>"
        % (len(pages), b" ".join(b"%d 0 R" % (4 + 2 * n) for n in range(len(pages)))),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for rank, content in enumerate(pages):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F 3 0 R >> >> "
            b"/Contents %d 0 R >>" % (5 + 2 * rank)
        )
        objects.append(b"<< %s/Length %d >>\nstream\n%s\nendstream" % (filters, len(content), content))
    parts = [b"%PDF-1.4\n"]
    offsets, at = [], len(parts[0])
    for number, body in enumerate(objects, 1):
        offsets.append(at)
        parts.append(b"%d 0 obj\n%s\nendobj\n" % (number, body))
        at += len(parts[-1])
    parts.append(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    parts += [b"%010d 00000 n \n" % offset for offset in offsets]
    parts.append(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, at))
    return b"".join(parts)


def whisper_many(full: bool) -> bytes:
    """A transcript of very many empty segments."""
    segments = [{"start": n, "end": n, "text": ""} for n in range(1_000_000 if full else 20_000)]
    return json.dumps({"language": "fr", "segments": segments}).encode()


HOSTILE: dict[str, Builder] = {
    "gonfle.docx": docx_bomb,
    "entites.docx": docx_entities,
    "gonfle.xlsx": xlsx_bomb,
    "gonfle.odt": odt_bomb,
    "gonfle.zip": zip_bomb,
    "poupees.zip": zip_in_zip,
    "dehors.zip": zip_traversal,
    "foule.zip": zip_of_many,
    "entites.trs": trs_entities,
    "externe.xml": tei_external,
    "profond.xml": xml_deep,
    "profond.html": html_deep,
    "attributs.html": html_attributes,
    "profond.json": json_deep,
    "segments.json": whisper_many,
    "nuls.txt": text_nulls,
    "ligne.txt": text_one_line,
    "mot.txt": text_one_word,
    "trop-gros.txt": text_over_the_limit,
    "cellule.csv": csv_huge_cell,
    "profond.rtf": rtf_deep,
    "binaire.rtf": rtf_binary,
    "fleches.vtt": vtt_noise,
    "pages.pdf": pdf_pages,
    "gonfle.pdf": pdf_flate_bomb,
}


def build(folder: Path, *, full: bool) -> list[Path]:
    """Write every hostile file into a folder."""
    paths = []
    for name, builder in HOSTILE.items():
        path = folder / name
        path.write_bytes(builder(full))
        paths.append(path)
    return paths
