"""XML of transcripts and corpora: which reader, by the root element."""

from collections.abc import Callable, Iterator

from lxml.etree import _Element

from tensions_cli.corpus.formats.sitting import read_sitting
from tensions_cli.corpus.formats.tei import read_tei
from tensions_cli.corpus.formats.transcriber import read_transcriber
from tensions_cli.corpus.formats.txm_xml import is_corpus, read_corpus
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.errors import UnreadableError
from tensions_cli.files.encoding import Decoded
from tensions_cli.files.xml_tree import local, parse_xml
from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import Document, Skipped

_Reader = Callable[[_Element, Decoded, SourceFile], Iterator[Document | Skipped]]

_READERS: dict[str, _Reader] = {
    "transcriber": read_transcriber,
    "tei": read_tei,
    "sitting": read_sitting,
    "corpus": read_corpus,
}


def read_xml(data: bytes, file: SourceFile) -> Iterator[Document | Skipped]:
    """Read an XML file of one of the kinds known: Transcriber, TEI, XML-TXM, XTZ or XML/w, report of a sitting.

    Raises `UnreadableError`: "format" for any other XML, "corrupt" and "too_large" as `parse_xml` does, "no_text".
    """
    root, decoded = parse_xml(data)
    name = local(root)
    reader = read_toml("xml_formats.toml")["roots"].get(name)
    if reader is None and name.lower() == "html":
        raise UnreadableError("format", "c’est une page web : renommez le fichier en .html, puis relancez")
    if reader is None and not is_corpus(root):
        raise UnreadableError(
            "format",
            "XML d’un genre inconnu : seuls Transcriber, TEI, les corpus de TXM et les comptes rendus de séance de "
            "l’Assemblée nationale sont lus ; exportez le texte en .txt ou en .docx",
        )
    yield from _READERS[reader or "corpus"](root, decoded, file)
