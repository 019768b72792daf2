"""The names met once, wherever they stand again."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tensions_cli.confidentiality.identifiers import PERSON, Found
from tensions_cli.confidentiality.tokens import Source, Token, lines, said_after_label
from tensions_cli.confidentiality.vocabulary import SHORTEST_LOWER_NAME, Vocabulary, acts, is_public, words_of


@dataclass(frozen=True, slots=True)
class _Known:
    category: str
    sure: bool
    ordinary: bool  # its single word is an ordinary word too


def known_forms(found: Iterable[Found], vocabulary: Vocabulary) -> dict[tuple[str, ...], _Known]:
    """Names to look for everywhere, with the category that most sure occurrences give them."""
    votes: dict[tuple[str, ...], Counter[str]] = {}
    sure: set[tuple[str, ...]] = set()
    for one in found:
        for form in _parts(one):
            weight = 3 if one.sure else 1
            votes.setdefault(form, Counter())[one.category] += weight
            if one.sure:
                sure.add(form)
    return {
        form: _Known(
            max(sorted(kinds), key=lambda kind: kinds[kind]),
            form in sure,
            len(form) == 1 and vocabulary.usual(form[0])[0] == "word",
        )
        for form, kinds in votes.items()
    }


def _parts(one: Found) -> list[tuple[str, ...]]:
    """The forms under which a name may come again: whole, without its article, and each name of a person."""
    form = _bare(one.form)
    if not form or (len(form) == 1 and len(form[0]) < 2):
        return []
    if one.form != form:
        return [one.form, form]
    if one.category == PERSON and len(form) > 1:
        return [form, *((word,) for word in form if len(word) > 2 and word not in words_of("cues", "particles"))]
    return [form]


def _bare(form: tuple[str, ...]) -> tuple[str, ...]:
    return form[1:] if len(form) > 1 and form[0] in words_of("cues", "articles") else form


def again(
    source: Source, known: Mapping[tuple[str, ...], _Known], vocabulary: Vocabulary, found: Sequence[Found]
) -> list[Found]:
    """Occurrences of known names that the first reading did not take."""
    longest = max(map(len, known), default=0)
    taken = {at for one in found if not one.kept for at in range(one.start, one.end)}
    again: list[Found] = []
    for line in lines(source.text):
        i = said_after_label(source, line)
        while i < len(line):
            length = next(
                (n for n in range(min(longest, len(line) - i), 0, -1) if _matches(line, i, n, known, vocabulary)), 0
            )
            if length and line[i].start not in taken:
                form = tuple(token.key for token in line[i : i + length])
                one = known[form]
                again.append(
                    Found(
                        line[i].start,
                        line[i + length - 1].end,
                        one.category,
                        "déjà rencontré",
                        one.sure and not one.ordinary,
                        form,
                    )
                )
            i += max(1, length)
    return again


def _matches(
    line: Sequence[Token], i: int, length: int, known: Mapping[tuple[str, ...], _Known], vocabulary: Vocabulary
) -> bool:
    tokens = line[i : i + length]
    one = known.get(tuple(token.key for token in tokens))
    if one is None or any(not token.joined for token in tokens[1:]):
        return False
    token = tokens[0]
    if len(tokens[-1].text) == 1 and tokens[-1].text.islower():
        return False  # « Anne d’abord » is not « Anne D. »
    if length > 1:
        named = tokens[1:] if token.key in words_of("cues", "articles") else tokens
        return any(word.capital for word in named) or (one.sure and named is tokens)
    if not token.capital:
        return one.sure and len(token.text) >= SHORTEST_LOWER_NAME and vocabulary.usual(token.text)[0] == "name"
    if vocabulary.is_word(token) and not one.sure:
        return False
    if one.ordinary or vocabulary.is_word(token):
        determined = i > 0 and token.joined and line[i - 1].key in words_of("cues", "determiners")
        if token.opens:
            return one.category == PERSON and (
                acts(line, i) or (one.sure and i + 1 < len(line) and line[i + 1].gap.startswith(","))
            )
        return not determined and not is_public((token,))
    return True
