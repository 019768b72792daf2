"""Proper names of persons, places and organisations, from several kinds of evidence.

No single evidence is enough on spoken French (the recogniser alone has an F1 of about 30 %, confidentiality
reference, section 3): titles, kinship, first names, heads of organisations, capitals in the middle of a sentence,
words that French never writes in lower case, labels of speakers, and the recogniser. Recall comes first: a word
replaced for nothing is read again, a name left is published. What several weak signs alone support is `sure=False`.
"""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import replace
from functools import cache
from itertools import takewhile

from tensions_cli.confidentiality.identifiers import NAME, ORGANISATION, PERSON, PLACE, Found, fold, knowledge
from tensions_cli.confidentiality.known_names import again, known_forms
from tensions_cli.confidentiality.tokens import Source, Span, Token, lines, said_after_label
from tensions_cli.confidentiality.vocabulary import (
    KNOWN_ACRONYM,
    SHORTEST_LOWER_NAME,
    Usual,
    Vocabulary,
    acts,
    gender_of,
    head_length,
    is_acronym,
    is_first_name,
    is_head,
    is_public,
    is_title,
    public_length,
    vocabulary_of,
    words_of,
)

# Share of words with a capital under which a text has no capitals to judge by (a machine transcript without
# punctuation has none; the spoken texts composed to tune the rules, which are full of names, have 26 to 30 %).
_NO_CAPITALS = 0.005
# A line with this share of words in capitals is a heading: its capitals say nothing.
_HEADING = 0.7
# A lower-case word is taken for a name in a text without capitals when it is this frequent as a name.
_KNOWN_NAME = 200_000
_LONGEST_NAME = 5  # words
_ROMAN = re.compile("[IVXLC]{2,7}")


def find_names(
    sources: Sequence[Source], usual: Usual, blocked: Sequence[Sequence[Found]] | None = None
) -> list[list[Found]]:
    """The proper names of each text, in order of precedence; stretches may overlap.

    `usual`: how a word is written in French. `blocked`: by text, stretches that are identifiers already.
    """
    closed = blocked or [() for _ in sources]
    vocabulary = vocabulary_of(sources, closed, usual)
    found = [_in_text(source, vocabulary, spans) for source, spans in zip(sources, closed, strict=True)]
    witnesses = (names for source, names in zip(sources, found, strict=True) if source.witness)
    known = known_forms((one for names in witnesses for one in names), vocabulary)
    return [
        [*names, *again(source, known, vocabulary, [*names, *spans])]
        for source, names, spans in zip(sources, found, closed, strict=True)
    ]


# --- labels of speakers -----------------------------------------------------------------------------


def _label_tokens(line: Sequence[Token], vocabulary: Vocabulary) -> list[Token]:
    titled = any(is_title(token) for token in line)
    if any(token.text.isdigit() for token in line) and not titled:
        return []
    kept = [
        token
        for token in line
        if token.capital and not is_title(token) and fold(token.text) not in words_of("labels", "parts")
    ]
    if titled:
        return kept
    return [
        token for token in kept
        if len(token.text) > 2
        and (is_first_name(token.key) or not vocabulary.is_word(token))
        and not is_acronym(token, vocabulary)
    ]  # fmt: skip


# --- first reading: each name by itself -------------------------------------------------------------


def _in_text(source: Source, vocabulary: Vocabulary, blocked: Sequence[Found]) -> list[Found]:
    taken = {at for one in blocked if not one.kept for at in range(one.start, one.end)}
    bare = _has_no_capitals(source.text)
    towns = {one.end for one in blocked if one.category == "code postal"}
    found: list[Found] = []
    ranked = deque(sorted(source.seen))
    for line in lines(source.text):
        said = said_after_label(source, line)
        found += _label_of(source, line, said, vocabulary)
        words = _without_capitals(line[said:], vocabulary) if bare else line[said:]
        if not words:
            continue
        found += _initials(source.text, words)
        found += _quoted(source.text, words)
        heading = _is_heading(words)
        while ranked and ranked[0][1] <= words[0].start:
            ranked.popleft()
        seen = list(takewhile(lambda span: span[0] < words[-1].end, ranked))  # noqa: B023 - used at once
        for first, last in _runs(words, vocabulary, taken, heading):
            one = _judge(words, first, last, vocabulary, seen, towns, heading)
            if one is not None:
                found.append(one)
    return found


def _label_of(source: Source, line: Sequence[Token], said: int, vocabulary: Vocabulary) -> list[Found]:
    """The names in the label that opens a line."""
    names = _label_tokens(line[:said], vocabulary) if said else []
    if not names:
        return []
    gender = next((gender_of(token) for token in line[:said] if gender_of(token)), None)
    end = names[-1].end + (source.text[names[-1].end] == "." and len(names[-1].text) == 1)
    return [Found(names[0].start, end, PERSON, "étiquette de locuteur", True, _form(names), gender=gender)]


def _has_no_capitals(text: str) -> bool:
    words = [token for line in lines(text) for token in line if not token.text.isdigit()]
    return bool(words) and sum(token.capital for token in words) <= _NO_CAPITALS * len(words)


def _without_capitals(line: Sequence[Token], vocabulary: Vocabulary) -> list[Token]:
    """The line as if its names had their capitals."""
    return [
        replace(token, text=token.text.capitalize()) if _is_bare_name(token, line, i, vocabulary) else token
        for i, token in enumerate(line)
    ]


def _is_bare_name(token: Token, line: Sequence[Token], i: int, vocabulary: Vocabulary) -> bool:
    if len(token.text) < SHORTEST_LOWER_NAME or token.key in words_of("oral", "words"):
        return False
    writing, rank = vocabulary.usual(token.text)
    if writing == "word":
        return False
    titled = i > 0 and (is_title(line[i - 1]) or line[i - 1].key in words_of("cues", "person"))
    return titled or (writing == "name" and rank is not None and rank < _KNOWN_NAME)


def _is_heading(line: Sequence[Token]) -> bool:
    words = [token for token in line if len(token.text) > 1 and not token.text.isdigit()]
    return len(words) > 2 and sum(token.upper for token in words) >= _HEADING * len(words)


def _runs(line: Sequence[Token], vocabulary: Vocabulary, taken: Set[int], heading: bool) -> Iterator[tuple[int, int]]:
    """Stretches of words with capitals that may be one name: ranks of the first and of the last word."""
    i = 0
    while i < len(line):
        if not _may_be_name(line, i, vocabulary, taken, heading):
            i += 1
            continue
        last = i
        while (
            last + 1 < len(line)
            and last - i + 1 < _LONGEST_NAME
            and line[last + 1].joined
            and _may_be_name(line, last + 1, vocabulary, taken, heading)
        ):
            last += 1
        yield i, last
        i = last + 1


def _may_be_name(line: Sequence[Token], i: int, vocabulary: Vocabulary, taken: Set[int], heading: bool) -> bool:
    token = line[i]
    if not token.capital or token.start in taken or token.end - 1 in taken:
        return False
    if heading and not (is_first_name(token.key) or vocabulary.usual(token.text.lower())[0] == "name"):
        return False
    if _ROMAN.fullmatch(token.text) or is_title(token) or (is_head(token) and not _ends_name(line, i)):
        return False
    return not (is_acronym(token, vocabulary) and is_public((token,)))


def _ends_name(line: Sequence[Token], i: int) -> bool:
    """A first name stands just before: « Marie Château » is somebody, whatever the second word means."""
    return i > 0 and line[i].joined and line[i - 1].capital and is_first_name(line[i - 1].key)


def _initials(text: str, line: Sequence[Token]) -> list[Found]:
    """« Mme D. », « M. B. »: an initial after a title still tells who; its full stop goes with it inside a sentence."""
    found = []
    for i, token in enumerate(line[:-1]):
        after = line[i + 1]
        if is_title(token) and after.gap.strip() in ("", ".") and len(after.text) == 1 and after.text.isupper():
            inside = text[after.end : after.end + 1] == "." and i + 2 < len(line) and not line[i + 2].capital
            end = after.end + inside
            ground = "initiale après un titre"
            found.append(Found(after.start, end, PERSON, ground, True, (after.key,), gender=gender_of(token)))
    return found


def _quoted(text: str, line: Sequence[Token]) -> list[Found]:
    """« le foyer "la croisée" »: what is quoted after the head of an organisation is its name."""
    found = []
    for i, token in enumerate(line[:-1]):
        opening = line[i + 1].gap.strip()
        closing = {"«": "»", "“": "”", '"': '"'}.get(opening)
        if closing is None or head_length(line, i + 1) == 0:
            continue
        end = text.find(closing, line[i + 1].start, line[i + 1].start + 60)
        if end < 0 or "\n" in text[line[i + 1].start : end]:
            continue
        name = [word for word in line[i + 1 :] if word.end <= end]
        if name and not token.text.isdigit():
            found.append(Found(name[0].start, name[-1].end, ORGANISATION, "nom entre guillemets", True, _form(name)))
    return found


def _judge(
    line: Sequence[Token],
    first: int,
    last: int,
    vocabulary: Vocabulary,
    seen: Sequence[Span],
    towns: set[int],
    heading: bool,
) -> Found | None:
    """What a stretch of words with capitals is, from what stands around it; None when it is no name."""
    first, head, particles = _context(line, first)
    before = line[head] if head >= 0 else None
    if before is not None and is_title(before) and not set(particles) - words_of("cues", "noble"):
        return _titled(line, first, last, before)
    apart = "." in line[head + 1].gap  # « dans la salle. Alors »
    length = head_length(line, head + 1) if before is not None and not apart else 0
    public = public_length(line, first)
    if length and not (public and public >= last - first + 1):
        return _organisation(line, first, last, vocabulary, seen, before, particles)
    first = _without_opening(line, first, last, vocabulary)
    if first > last or (first == last and len(line[first].text) == 1):
        return None  # « l’aile B », « E »: no name
    tokens = line[first : last + 1]
    public = public_length(line, first)
    if public >= len(tokens) and not _is_called(line, first):
        return None
    if tokens[0].start - 1 in towns or tokens[0].start - 2 in towns:
        return _found(tokens, PLACE, "commune après un code postal")
    if _is_financer(line, head) and _is_department(tokens):
        return None
    return _by_evidence(line, first, last, vocabulary, seen, particles, heading)


def _context(line: Sequence[Token], first: int) -> tuple[int, int, list[str]]:
    """First word of the name, rank of the word before its particles (-1: none), these particles."""
    at = first - 1
    particles: list[str] = []
    while at >= 0 and line[at + 1].joined and line[at].key in words_of("cues", "particles") and not line[at].capital:
        particles.insert(0, line[at].key)
        at -= 1
    joined = at >= 0 and line[at + 1].gap.strip(" \u00a0\u202f.'’«“\"") == ""
    return first, at if joined else -1, particles


def _titled(line: Sequence[Token], first: int, last: int, title: Token) -> Found | None:
    tokens = list(line[first : last + 1])
    if tokens[0].key in words_of("titles", "never_after") and (
        len(tokens) < 2 or tokens[0].key not in ("le", "la", "les")
    ):
        return None
    if len(tokens) == 1 and len(tokens[0].text) == 1:
        return None  # an initial: `_initials`
    last = _further(line, last)
    return replace(_found(line[first : last + 1], PERSON, "titre"), gender=gender_of(title))


def _further(line: Sequence[Token], last: int) -> int:
    """Last word of a person's name that goes on after a particle: « Van den Berghe », « Le Goff de Kermadec »."""
    at = last + 1
    while (
        at < len(line)
        and at - last < 3
        and line[at].joined
        and line[at].key in ("van", "von", "den", "der", "ben", "el", "al", "da", "dos", "di")
    ):
        at += 1
    return at if last + 1 < at < len(line) and line[at].capital and line[at].joined else last


def _organisation(
    line: Sequence[Token],
    first: int,
    last: int,
    vocabulary: Vocabulary,
    seen: Sequence[Span],
    head: Token | None,
    particles: Sequence[str],
) -> Found | None:
    """The name after the head of an organisation: its own, or the town it stands in."""
    tokens = list(line[first : last + 1])
    weak = head is not None and head.key in words_of("organisations", "weak")
    if all(token.key in words_of("organisations", "generic") for token in tokens):
        return None
    if head is not None and head.key == "chez" and is_first_name(tokens[0].key):
        return _found(tokens, PERSON, "prénom", not vocabulary.is_word(tokens[0]))
    if head is not None and head.key == "chez":  # a family, a firm: other occurrences may tell
        return _found(tokens, PERSON if "les" in particles else ORGANISATION, "après «\u00a0chez\u00a0»", False)
    last = _organisation_end(line, first, last)
    tokens = list(line[first : last + 1])
    if particles and particles[-1] in ("de", "d", "a", "sur") and not is_first_name(tokens[0].key):
        town = not vocabulary.is_word(tokens[0]) or _kind_seen(tokens, seen) == PLACE
        return _found(tokens, PLACE if town else ORGANISATION, "lieu d’un organisme", town)
    if weak and vocabulary.is_word(tokens[0]) and "-" not in tokens[0].text:
        return _found(tokens, ORGANISATION, "nom d’un organisme, ou mot ordinaire", False)
    return _found(tokens, ORGANISATION, "nom d’un organisme")


def _organisation_end(line: Sequence[Token], first: int, last: int) -> int:
    """The name of an organisation goes on after small words: « Les Amis de l’Enfance », « Voile pour Tous »."""
    small = {"de", "des", "du", "la", "les", "l", "d", "pour", "et", "sans", "sur"}
    titled = line[first].key in words_of("cues", "articles")  # « Les Amis de Tous »
    while True:
        at = last + 1
        while at < len(line) and at - last < 3 and line[at].joined and line[at].key in small and not line[at].capital:
            at += 1
        grows = at < len(line) and line[at].joined and line[at].capital and not line[at].upper
        alone = last + 1 == at - 1 and line[at - 1].key in ("de", "a", "d") if at <= len(line) else False
        if not grows or at == last + 1 or (alone and not titled) or at - last > 3:
            return last  # « IME Maurice Genevois de Pont-Audemer »: the town is another name
        last = at


def _without_opening(line: Sequence[Token], first: int, last: int, vocabulary: Vocabulary) -> int:
    """First word of the name once the ordinary words that only open the sentence are left out."""
    while first <= last and line[first].opens:
        token, alone = line[first], first == last
        article = token.key in words_of("cues", "articles") or token.key in words_of("cues", "determiners")
        if is_first_name(token.key) and not article:
            if not vocabulary.is_word(token) or not alone or acts(line, first):
                break
            return last + 1
        if not article and not vocabulary.is_word(token):
            break
        first += 1
        if first <= last and article and vocabulary.is_word(line[first]) and not is_first_name(line[first].key):
            return last + 1 if first == last else first
        break
    return first


def _is_called(line: Sequence[Token], first: int) -> bool:
    return first > 0 and line[first].joined and line[first - 1].key in words_of("cues", "person") - {"dit"}


@cache
def _financers() -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(fold(word).split()) for word in knowledge()["public"]["financers"])


def _is_financer(line: Sequence[Token], head: int) -> bool:
    return head >= 0 and any(
        tuple(token.key for token in line[max(0, head + 1 - len(name)) : head + 1]) == name for name in _financers()
    )


def _is_department(tokens: Sequence[Token]) -> bool:
    return tokens[0].key in {fold(name).replace("'", "-") for name in knowledge()["public"]["departments"]}


def _by_evidence(
    line: Sequence[Token],
    first: int,
    last: int,
    vocabulary: Vocabulary,
    seen: Sequence[Span],
    particles: Sequence[str],
    heading: bool,
) -> Found | None:
    tokens = list(line[first : last + 1])
    before = line[first - 1] if first > 0 and tokens[0].joined else None
    determined = before is not None and before.key in words_of("cues", "determiners")
    ordinary = all(vocabulary.is_word(token) and not vocabulary.is_rare(token) for token in tokens)
    kind = _kind_seen(tokens, seen)
    if _is_called(line, first) and (not ordinary or not tokens[0].opens):
        return _found(tokens, PERSON, "nom annoncé")
    named = [token for token in tokens if is_first_name(token.key)]
    unsaid = not any(vocabulary.lower.get(token.key) for token in tokens)  # never in lower case in this corpus
    if named and not (ordinary and (heading or (determined and not unsaid)) and len(tokens) == 1):
        return _found(
            _with_particle(line, first, last, seen), PERSON, "prénom", not ordinary or len(tokens) > 1 or not determined
        )
    if before is not None and before.key in words_of("titles", "weak") and not ordinary:
        return _found(tokens, PERSON, "parenté ou métier devant un nom")
    if len(tokens) == 1 and is_acronym(tokens[0], vocabulary):
        return _acronym(tokens, vocabulary)
    if tokens[0].upper and all(token.upper for token in tokens) and ordinary:
        return None
    placed = _is_placed(line, first, particles)
    if ordinary:
        if kind == PLACE and unsaid and not tokens[0].opens:
            return _found(tokens, kind, "vu par le modèle de langue", False)
        if kind in (PERSON, ORGANISATION) and not determined and not tokens[0].opens:
            return _found(tokens, kind, "vu par le modèle de langue", False)
        if placed and not determined and len(tokens[0].text) > 2 and not tokens[0].opens:
            return _found(tokens, PLACE, "capitale après une préposition de lieu", False)
        return None
    if placed:
        return _found(
            tokens, PLACE, "après une préposition de lieu", kind in (PLACE, None) and _all_names(tokens, vocabulary)
        )
    if before is not None and before.key in words_of("cues", "company") and kind != PLACE:
        return _found(tokens, PERSON, "accompagne quelqu’un", kind == PERSON)
    if kind is not None:
        return _found(tokens, kind, "vu par le modèle de langue", kind != NAME and _all_names(tokens, vocabulary))
    return _found(tokens, NAME, "capitale, mot que le français n’écrit pas en minuscules", False)


def _all_names(tokens: Sequence[Token], vocabulary: Vocabulary) -> bool:
    return all(vocabulary.is_name(token) or token.key in words_of("cues", "articles") for token in tokens)


def _is_placed(line: Sequence[Token], first: int, particles: Sequence[str]) -> bool:
    """A preposition of place stands before: « à », « vers », « habite », « originaire de »."""
    words = " ".join(token.key for token in line[max(0, first - 4) : first])
    cues = words_of("cues", "place")
    if particles and particles[-1] in ("en", "a", "au", "sur"):
        return True
    return any(words == cue or words.endswith((f" {cue}", f" {cue.removesuffix(' de')} d")) for cue in cues)


def _acronym(tokens: list[Token], vocabulary: Vocabulary) -> Found | None:
    """An acronym that nobody knows may be the field site's."""
    _, rank = vocabulary.usual(tokens[0].text)
    if rank is not None and rank < KNOWN_ACRONYM:
        return None
    return _found(tokens, ORGANISATION, "sigle inconnu", False)


def _with_particle(line: Sequence[Token], first: int, last: int, seen: Sequence[Span]) -> Sequence[Token]:
    """« Jeanne de Kermadec » is one name when the recogniser sees one; « Marie de Paris » may be two."""
    at = last + 1
    while at < len(line) and at - last < 4 and line[at].joined and line[at].key in words_of("cues", "noble"):
        at += 1
    if not last + 1 < at < len(line) or not line[at].joined or not line[at].capital:
        return line[first : last + 1]
    one = any(start <= line[first].start and line[at].end <= end and kind == PERSON for start, end, kind in seen)
    return line[first : at + 1] if one else line[first : last + 1]


def _kind_seen(tokens: Sequence[Token], seen: Sequence[Span]) -> str | None:
    """What the recogniser sees on these words, when it sees no longer sentence."""
    start, end = tokens[0].start, tokens[-1].end
    kinds = [
        kind for first, last, kind in seen if first < end and start < last and last - first <= 2 * (end - start) + 8
    ]
    return kinds[0] if kinds else None


def _form(tokens: Iterable[Token]) -> tuple[str, ...]:
    return tuple(token.key for token in tokens)


def _found(tokens: Sequence[Token], category: str, ground: str, sure: bool = True) -> Found:
    return Found(tokens[0].start, tokens[-1].end, category, ground, sure, _form(tokens))
