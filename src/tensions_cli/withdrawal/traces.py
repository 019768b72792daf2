"""Where a withdrawn text or its name is still found: in plain files, in JSON or HTML, inside archives."""

import html
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence

from tensions_cli.errors import UnreadableError
from tensions_cli.files.container import DAMAGE, check_container
from tensions_cli.files.encoding import decode

QUOTED = 40  # characters of a passage by which a quotation of it is recognised in a result


def quotes(data: bytes, passages: Sequence[str]) -> bool:
    """A withdrawn text is quoted in these bytes. Raises `UnreadableError` when they cannot be searched."""
    openings = {passage[:QUOTED] for passage in passages}
    forms = {form for opening in openings for form in (opening, html.escape(opening), json.dumps(opening)[1:-1])}
    return any(form in text for text in _texts(data) for form in forms)


def names(data: bytes, ids: Iterable[str]) -> bool:
    """One of these ids stands alone in these bytes. Raises as `quotes` does."""
    patterns = [re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])") for name in ids]
    return any(pattern.search(text) for text in _texts(data) for pattern in patterns)


def _texts(data: bytes) -> Iterator[str]:
    """The bytes as text, those of an archive part by part; pictures inside an archive say nothing."""
    if not data.startswith(b"PK\x03\x04"):
        yield decode(data).text
        return
    check_container(data, "l’outil d’origine")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for part in archive.infolist():
                yield archive.read(part).decode("utf-8", "replace")
    except DAMAGE:
        raise UnreadableError("corrupt", "l’archive est abîmée") from None
