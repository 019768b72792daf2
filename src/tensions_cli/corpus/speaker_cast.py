"""The speakers of one dialogue, and who asks and who answers among them.

Rules 8, 9 and 14 of the speaker specification: misspelt labels are merged, roles are decided, and the
user is told what was understood and what to doubt.
"""

import re
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from tensions_cli.corpus.speaker_labels import (
    LONGEST_LABEL,
    Opening,
    Shape,
    fold,
    label_key,
    near_role,
    one_letter_apart,
    role_in_description,
    role_of,
    role_word,
    words,
)
from tensions_cli.records import CastMember, Role
from tensions_cli.words import count_words

# One label of a near pair is at least five times rarer (rule 9: 24 « Checheur » against 968 « Chercheur » in the
# corpus that fixed it).
_NEAR_RARITY = 5

# With more speakers than this in one text the labels are no transcript's; comparing all of them would not end.
_MOST_COMPARED = 300

# A speaker with less than a tenth of the turns of the most frequent one is not taken for the
# interviewer: one question asked by a passer-by would win both criteria.
_ENOUGH_TURNS = 0.1

# « //S02: oui ? // » inside the turn of somebody else (rule 12); its end may be in the next subtitle.
_OVERLAP = re.compile(r"//[^/:\n]{1,63}:[^/]*(?://|$)")

# A group interview has a dozen voices at most; beyond, a debate or a sitting, where who asks is one of those heard.
_LARGEST_GROUP = 15

# Labels named in one notice.
_NAMED = 6

# The person tables of oral archives mark their interviewer at the end of a real name: « Claire (ENQ) », « Claire Enq »
# (formats.md §6.8).
_MARK = re.compile(r"\((?P<noted>[^()]{1,30})\)\s*$|\s(?P<last>[Ee][Nn][Qq][^\W\d_]*)\s*$")

_FORCED = "choisi par --speakers"
_TABLE = "table des locuteurs"
_MISSPELT = "étiquette à une lettre de {}"
_OTHER = {Role.INTERVIEWER: Role.RESPONDENT, Role.RESPONDENT: Role.INTERVIEWER}

# Warnings: rule 10 (ten times the median) and the diarisation trap (ten labels, 2 % of the words). Below
# the base, a share of words says nothing.
_LONG_TURN = 10
_LONG_TURN_WORDS = 200
_MANY_LABELS = 10
_FEW_WORDS_SHARE = 0.02
_WORDS_BASE = 500


@dataclass(frozen=True, slots=True)
class Speaker:
    """What the turns of one label show. `stated`: the role written beside the label, with its ground."""

    label: str
    turns: int
    words: int
    questions: int  # question marks
    stated: tuple[Role, str] | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Role and ground (French) by label key, and what the user must be told."""

    roles: Mapping[str, tuple[Role | None, str]]
    notices: tuple[str, ...]


def near_labels(turns: Mapping[str, int], labels: Mapping[str, str], counted: Container[str]) -> dict[str, str]:
    """Misspelt label keys and the counted key each one is merged into (rule 9).

    `turns`: openings by key; `labels`: the spelling shown for each key; `counted`: keys that are labels
    for sure. Numbers always tell two speakers apart, and a merge never crosses the
    interviewer/respondent boundary.
    """
    common = [key for key in turns if key in counted and turns[key] >= _NEAR_RARITY]
    if len(common) > _MOST_COMPARED:
        return {}
    merged: dict[str, str] = {}
    for rare in turns:
        found = [
            key
            for key in common
            if key != rare and turns[key] >= _NEAR_RARITY * turns[rare] and _near(labels[rare], labels[key])
        ]
        misspelt = near_role(labels[rare]) if turns[rare] == 1 and not found else None
        if misspelt and misspelt[1] in counted:  # written once, one letter away from the very word of another label
            found = [misspelt[1]]
        if len(found) == 1:
            merged[rare] = found[0]
    return {rare: key for rare, key in merged.items() if key not in merged}


def _near(one: str, other: str) -> bool:
    roles = role_of(one), role_of(other)
    if None not in roles and roles[0] is not roles[1]:
        return False
    ours, theirs = fold(one).split(), fold(other).split()
    if len(ours) != len(theirs):
        return False
    differing = [(a, b) for a, b in zip(ours, theirs, strict=True) if a != b]
    return len(differing) == 1 and one_letter_apart(*differing[0])


def same_names(labels: Mapping[str, str]) -> dict[str, str]:
    """Keys of labels that name one person in another style, and the key each is merged into (variant 28).

    `labels`: the spelling of each key that counts. « M. ESSAI » and « ESSAI » join « Claude ESSAI » when one
    full name only bears that surname, and never where « M. » and « Mme » share it.
    """
    names = {key: _name_parts(label) for key, label in labels.items() if role_word(label) is None}
    by_surname: dict[str, dict[str, tuple[str, tuple[str, ...]]]] = {}
    for key, (title, parts) in names.items():
        if parts:
            by_surname.setdefault(parts[-1], {})[key] = (title, parts)
    merged: dict[str, str] = {}
    for bearers in by_surname.values():
        full = {parts for _, parts in bearers.values() if len(parts) > 1}
        titles = {title for title, _ in bearers.values() if title}
        if len(full) > 1 or len(titles) > 1 or len(bearers) < 2 or not (full or titles):
            continue
        target = max(bearers, key=lambda key: (len(bearers[key][1]), bearers[key][0] == ""))
        merged.update((key, target) for key in bearers if key != target)
    return merged


def _name_parts(label: str) -> tuple[str, tuple[str, ...]]:
    """Title and names of a label, folded; no name for an office (« M. le président ») or a code."""
    tokens = label.split()
    title = fold(tokens[0]).strip(".") if tokens and fold(tokens[0]) in words("titles", "words") else ""
    names = tokens[1:] if title else tokens
    if not names or not all(name[:1].isupper() and name.isalpha() and len(name) > 2 for name in _apart(names)):
        return title, ()
    return title, tuple(map(fold, names))


def _apart(names: Sequence[str]) -> list[str]:
    """The words of names, cut at hyphens: `Jean-Luc` is two."""
    return [part for name in names for part in re.split("[-'’]", name)]


def decide_roles(
    speakers: Mapping[str, Speaker],
    forced: Mapping[str, Role],
    legend: Mapping[str, Role],
    table: Mapping[str, Role | None] | None = None,
) -> Decision:
    """Roles of the speakers, by label key.

    What the user forces wins, then the table of speakers, then the legend, then the label itself, then what
    follows from them (an interviewer is known: the others answer), and last the behaviour. The guess is always
    told.
    """
    roles: dict[str, tuple[Role | None, str]] = {}
    for key, speaker in speakers.items():
        if key in forced:
            roles[key] = forced[key], _FORCED
        elif table and table.get(key):
            roles[key] = table[key], _TABLE
        elif key in legend:
            roles[key] = legend[key], "légende"
        elif speaker.stated:
            roles[key] = speaker.stated
        else:
            roles[key] = None, "rôle inconnu"
    _letter_i(roles, speakers)
    open_keys = [key for key, (role, _) in roles.items() if role is None]
    if any(role is Role.INTERVIEWER for role, _ in roles.values()):
        roles.update((key, (Role.RESPONDENT, "répond à l’enquêteur")) for key in open_keys)
        return Decision(roles, ())
    if not open_keys or len(speakers) < 2:
        return Decision(roles, ())
    return _by_behaviour(speakers, roles, open_keys)


def _letter_i(roles: dict[str, tuple[Role | None, str]], speakers: Mapping[str, Speaker]) -> None:
    """`I` is the interviewer when the cast is I/R or I/E (rule 8), numbers aside."""
    letters = {key: role_word(speaker.label) for key, speaker in speakers.items()}
    if set(letters.values()) not in ({"i", "r"}, {"i", "e"}):
        return
    for key, letter in letters.items():
        if letter == "i" and roles[key][0] is None:
            roles[key] = Role.INTERVIEWER, "étiquette"


def _by_behaviour(
    speakers: Mapping[str, Speaker], roles: dict[str, tuple[Role | None, str]], open_keys: Sequence[str]
) -> Decision:
    guess = _asks_most_and_speaks_least(speakers)
    alone = open_keys[0] if len(open_keys) == 1 and len(speakers) == 2 else None
    if alone and (guess in (None, alone) or any(ground in (_FORCED, _TABLE) for _, ground in roles.values())):
        label = speakers[alone].label
        told = (
            f"Rôle déduit\u00a0: {quoted(label)} est pris pour l’enquêteur, seul face à un enquêté. "
            f"Pour corriger\u00a0: {_option(label, Role.RESPONDENT)}."
        )
        return Decision({**roles, alone: (Role.INTERVIEWER, "seul face à l’enquêté")}, (told,))
    if guess is None or guess not in open_keys:
        labels = ", ".join(quoted(speakers[key].label) for key in open_keys[:_NAMED])
        labels += ", etc." if len(open_keys) > _NAMED else ""
        doubt = (
            f"Rôles indécis\u00a0: rien ne dit qui pose les questions parmi {labels}\u00a0; "
            f"aucun tour n’est écarté. Dites-le avec {_option(speakers[open_keys[0]].label, Role.INTERVIEWER)}."
        )
        return Decision({**roles, **dict.fromkeys(open_keys, (None, "indécis"))}, (doubt,))
    decided = {**roles, **dict.fromkeys(open_keys, (Role.RESPONDENT, "répond à l’enquêteur"))}
    decided[guess] = Role.INTERVIEWER, "pose le plus de questions et parle le moins par tour"
    label = speakers[guess].label
    told = (
        f"Rôles devinés\u00a0: {quoted(label)} est pris pour l’enquêteur (le plus de questions par tour, les "
        f"tours les plus courts). Pour corriger\u00a0: {_option(label, Role.RESPONDENT)}."
    )
    return Decision(decided, (told,))


def _asks_most_and_speaks_least(speakers: Mapping[str, Speaker]) -> str | None:
    """The key that wins both criteria of rule 8 (54 interviews out of 54), or None.

    With three speakers or more, a shy participant may be briefer than the interviewer: who asks at
    least twice as much as anyone else and speaks less per turn than the others together still wins.
    """
    if len(speakers) > _LARGEST_GROUP:
        return None
    most = max(speaker.turns for speaker in speakers.values())
    able = {key: s for key, s in speakers.items() if s.turns >= max(1, _ENOUGH_TURNS * most)}
    if len(able) < 2:
        return None
    asking = {key: s.questions / s.turns for key, s in able.items()}
    length = {key: s.words / s.turns for key, s in able.items()}
    first, second = sorted(able, key=lambda key: -asking[key])[:2]
    if asking[first] == asking[second]:
        return None
    if length[first] <= min(length.values()) and any(x > length[first] for x in length.values()):
        return first
    others = [s for key, s in able.items() if key != first]
    mean = sum(s.words for s in others) / sum(s.turns for s in others)
    return first if len(able) > 2 and asking[first] >= 2 * asking[second] and length[first] < mean else None


def quoted(label: str) -> str:
    """A label between French quotation marks; one too long to be a name may be speech, which no message quotes."""
    return f"«\u00a0{label}\u00a0»" if len(label) <= LONGEST_LABEL else "(étiquette longue)"


def _option(label: str, role: Role) -> str:
    return f'--speakers "{label if len(label) <= LONGEST_LABEL else "ÉTIQUETTE"}={role.value}"'


# --- the cast and what to tell about it (rules 9 and 14) --------------------------------------------


@dataclass(slots=True)
class Draft:
    """A turn being read. `key` is None for the unknown speaker; `end` covers remarks and stamps."""

    key: str | None
    start: int = 0
    end: int = 0
    pieces: list[tuple[int, int]] = field(default_factory=list)
    time_start: float | None = None
    time_end: float | None = None


@dataclass(frozen=True, slots=True)
class Labels:
    """The openings of a dialogue by line and the speaker's key of each (None: nobody knows).

    `shown`: the spelling printed for a key; `stated`: the role written in the text, with its ground.
    """

    openings: Mapping[int, Opening]
    keys: Mapping[int, str | None]
    shown: Mapping[str, str]
    stated: Mapping[str, tuple[Role, str]]


def cast_of(
    text: str,
    labels: Labels,
    drafts: Sequence[Draft],
    legend: Mapping[str, Role],
    roles: Mapping[str, Role],
    table: Mapping[str, Role | None] | None = None,
) -> tuple[tuple[CastMember, ...], dict[str, Role | None], list[str]]:
    """The speakers in order of appearance, the role of each key, and the notices.

    `legend`: roles by label key; `roles`: what the user says, by label as typed; `table`: what the table of
    speakers says, by label as written there.
    """
    speakers = _speakers(text, labels, drafts)
    merged = _variants(labels)
    aliases = {label_key(variant): key for key, found in merged.items() for variant in found}
    forced = {label_key(label): role for label, role in roles.items()}
    described = {label_key(label): role for label, role in (table or {}).items()}
    decision = decide_roles(
        speakers,
        {aliases.get(key, key): role for key, role in forced.items()},
        legend,
        {aliases.get(key, key): role for key, role in described.items()},
    )
    cast = tuple(
        CastMember(
            speaker.label, decision.roles[key][0], speaker.turns, speaker.words, decision.roles[key][1],
            tuple(merged.get(key, Counter()).most_common()),
        )
        for key, speaker in speakers.items()
    )  # fmt: skip
    notices = [
        *_merge_notices(merged, labels.shown),
        *_misspelt_notices(cast),
        *decision.notices,
        *_missing_labels(tuple(roles), {**speakers, **aliases}),
        *_doubts(cast, drafts, text),
    ]
    return cast, {key: role for key, (role, _) in decision.roles.items()}, notices


def _speakers(text: str, labels: Labels, drafts: Sequence[Draft]) -> dict[str, Speaker]:
    """What the turns of each speaker show, in order of first appearance."""
    speakers: dict[str, Speaker] = {}
    for draft in drafts:
        if draft.key is None:
            continue
        before = speakers.get(draft.key) or Speaker(labels.shown[draft.key], 0, 0, 0, labels.stated.get(draft.key))
        speakers[draft.key] = replace(
            before,
            turns=before.turns + 1,
            words=before.words + _length(text, draft),
            questions=before.questions + sum(_questions(text[slice(*piece)]) for piece in draft.pieces),
        )
    return speakers


def _questions(said: str) -> int:
    """Question marks, those of an overlap left out: somebody else asks them."""
    return _OVERLAP.sub("", said).count("?") if "//" in said else said.count("?")


def _length(text: str, draft: Draft) -> int:
    return sum(count_words(text, *piece) for piece in draft.pieces)


def stated_roles(
    openings: Mapping[int, Opening], keys: Mapping[int, str | None], shown: Mapping[str, str]
) -> dict[str, tuple[Role, str]]:
    """Roles that the labels say: by their word, a question mark (Sonal), or a parenthesis."""
    stated: dict[str, tuple[Role, str]] = {}
    for i, opening in openings.items():
        key = keys[i]
        if key is None or key in stated:
            continue
        role = role_of(shown[key])
        noted = role_in_description(opening.attribute) if opening.attribute else None
        if role is not None:
            stated[key] = role, "étiquette"
        elif opening.asks:
            stated[key] = Role.INTERVIEWER, "étiquette suivie de «\u00a0?\u00a0»"
        elif noted is not None:
            stated[key] = noted, "rôle entre parenthèses"
        elif opening.shape is Shape.VOICE and (marked := _marked(shown[key])):
            stated[key] = marked, "marque à la fin du nom"
        elif misspelt := near_role(shown[key]):
            stated[key] = misspelt[0], _MISSPELT.format(quoted(misspelt[1]))
    return stated


def _marked(label: str) -> Role | None:
    """The role that a voice's name ends with, if any."""
    found = _MARK.search(label)
    if found is None:
        return None
    return role_in_description(found["noted"]) if found["noted"] else role_of(found["last"])


def _variants(labels: Labels) -> dict[str, Counter[str]]:
    """Spellings folded into each speaker, with their openings; spacing alone makes no variant."""
    merged: dict[str, Counter[str]] = {}
    for i, opening in labels.openings.items():
        key = labels.keys[i]
        if key is not None and "".join(opening.label.split()) != "".join(labels.shown[key].split()):
            merged.setdefault(key, Counter())[opening.label] += 1
    return merged


def _merge_notices(merged: Mapping[str, Counter[str]], shown: Mapping[str, str]) -> list[str]:
    notices = []
    for key, found in merged.items():
        for variant, turns in found.most_common():
            why = "" if label_key(variant) != key else " (seuls la casse ou les accents changent)"
            count = "1 tour" if turns == 1 else f"{turns} tours"
            plural = "" if turns == 1 else "s"
            notices.append(f"{count} {quoted(variant)} réuni{plural} à {quoted(shown[key])}{why}.")
    return notices


def _misspelt_notices(cast: Sequence[CastMember]) -> list[str]:
    names = {Role.INTERVIEWER: "enquêteur", Role.RESPONDENT: "enquêté"}
    before = _MISSPELT.format("")
    return [
        f"{quoted(member.speaker)} est à une lettre de {member.ground.removeprefix(before)}\u00a0: pris pour "
        f"l’{names[member.role]}. Pour corriger\u00a0: {_option(member.speaker, _OTHER[member.role])}."
        for member in cast
        if member.role is not None and member.ground.startswith(before)
    ]


def _doubts(cast: Sequence[CastMember], drafts: Sequence[Draft], text: str) -> list[str]:
    """What a reader should check: unknown speakers, glued turns, a diarisation that split someone."""
    notices = []
    unknown = sum(draft.key is None for draft in drafts)
    if unknown:
        plural = "s" if unknown > 1 else ""
        notices.append(f"{unknown} tour{plural} sans étiquette\u00a0: locuteur inconnu.")
    lengths = [_length(text, draft) for draft in drafts]
    if lengths and lengths[-1] > max(_LONG_TURN_WORDS, _LONG_TURN * median(lengths)):
        notices.append(
            f"Le dernier tour compte {lengths[-1]} mots, plus de dix fois la médiane\u00a0: un commentaire ajouté "
            "après l’entretien y est peut-être collé."
        )
    if len(cast) > _MANY_LABELS:
        interview = "si c’est un entretien, " if len(cast) > _LARGEST_GROUP else ""
        notices.append(
            f"{len(cast)} locuteurs\u00a0: {interview}la séparation des voix a peut-être coupé une personne en deux."
        )
    total = sum(member.words for member in cast)
    small = [member.speaker for member in cast if member.words < _FEW_WORDS_SHARE * total]
    if small and total >= _WORDS_BASE and len(small) <= _MANY_LABELS:
        named = ", ".join(map(quoted, small))
        notices.append(f"Moins de 2\u00a0% des mots pour {named}\u00a0: étiquettes à vérifier.")
    return notices


def _missing_labels(forced: Sequence[str], known: Mapping[str, object]) -> list[str]:
    """Notices for the labels that the user gave a role to and that the text does not have."""
    return [
        f"Aucun locuteur {quoted(label)} dans ce document\u00a0: le rôle donné par --speakers est sans effet."
        for label in forced
        if label_key(label) not in known
    ]
