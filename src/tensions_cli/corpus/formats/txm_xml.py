"""XML corpora of TXM that are not TEI: XTZ (`<text id="…"><p>…</p></text>`) and XML/w (any elements, words in `w`).

XML-TXM, which is TEI, is read as TEI. `import.properties` and other files beside the texts are not used.
"""

import unicodedata
from collections.abc import Iterator

from lxml.etree import _Element

from tensions_cli.corpus.formats.tei import extracted, header_notice, outermost, tables, text_attributes
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.errors import UnreadableError
from tensions_cli.files.encoding import Decoded
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import Document, Skipped
from tensions_cli.words import count_words


def is_corpus(root: _Element) -> bool:
    """Whether an XML of an unknown root holds texts or words of a corpus."""
    words = read_toml("xml_formats.toml")["corpus"]
    names = (f"{{{space}}}{name}" if space else name for space in words["namespaces"] for name in words["elements"])
    return next(root.iter(*names), None) is not None


def read_corpus(root: _Element, decoded: Decoded, file: SourceFile) -> Iterator[Document | Skipped]:
    """Read an XML corpus: one document per `text`, else one for the whole file.

    The attributes of `text` are metadata. Where a file holds several texts, `id` names the document, and those
    without words are skipped. Raises `UnreadableError` ("no_text") when the only text has none.
    """
    texts = outermost(root, "text") or [root]
    told = tables(root)
    notices = (*decoded.notices, *_outside(root, texts))
    for rank, text in enumerate(texts, start=1):
        extract = extracted(text, told, free=True)
        if not extract.blocks and len(texts) > 1:
            yield Skipped(file.name, "empty", f"texte {rank} du corpus : vide, complétez-le ou retirez-le")
        elif not extract.blocks:
            raise UnreadableError("no_text", "ce corpus ne contient aucun mot : vérifiez le fichier")
        else:
            yield Document(
                id=_name(text, rank, file) if len(texts) > 1 else file.id,
                source=file.name,
                format="xml",
                text=extract.text,
                blocks=extract.blocks,
                zones=extract.zones,
                metadata=text_attributes(text),
                encoding=decoded.encoding,
                notices=(*notices, *extract.notices),
            )
            notices = ()  # what is said of the file is said once


def _name(text: _Element, rank: int, file: SourceFile) -> str:
    return unicodedata.normalize("NFC", text.get("id", "").strip()) or f"{file.id}#{rank}"


def _outside(root: _Element, texts: list[_Element]) -> Iterator[str]:
    """Notices on the words that no `text` holds: headers, and whatever stands between texts."""
    headers = outermost(root, "teiHeader")
    yield from header_notice(headers)
    inside = sum(count_words(" ".join(map(str, element.itertext()))) for element in (*texts, *headers))
    words = count_words(" ".join(map(str, root.itertext()))) - inside
    if words > 0:
        yield f"mots hors des textes du corpus, laissés de côté : {words}"
