"""IRaMuTeQ corpora: what IRaMuTeQ would refuse, lose or misread, line by line."""

from collections.abc import Iterator

from tensions_cli.corpus.check_places import TextFile
from tensions_cli.corpus.formats.iramuteq import find_defects
from tensions_cli.corpus.formats.plain import visible
from tensions_cli.knowledge.corpus_rules import Finding, finding, pattern, rule_of_defect


def check_iramuteq(text: TextFile) -> Iterator[Finding]:
    """Every defect of a corpus, and the star lines that are so glued that no reader takes them for one."""
    if text.kind != "txt" or text.decoded is None or "****" not in text.decoded.text:
        return
    glued = {number for number, line in enumerate(text.decoded.text.split("\n"), start=1) if is_glued_header(line)}
    for number in sorted(glued):
        yield finding("iramuteq-entete-collee", text.name, number, fixable=text.direct)
    for defect in find_defects(text.data):
        if not (defect.line in glued and defect.rule in ("starred_line", "before_first")):
            yield finding(rule_of_defect()[defect.rule], text.name, defect.line, fixable=text.direct)


def is_glued_header(line: str) -> bool:
    """A line **** whose stars touch the first variable, or whose first word has no star."""
    return visible(line, 0, len(line)) is not None and pattern("iramuteq", "glued_header").match(line) is not None
