"""What a CI job asks of an analysis: conditions on its numbers (`--fail-if`), and no drift from a former summary.

A condition is `[GROUP:]MEASURE OP NUMBER`, read here word by word: nothing typed is ever evaluated.
"""

import difflib
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from tensions_cli.errors import TensionsError
from tensions_cli.knowledge.codebook import codebook
from tensions_cli.output.french import ROLE_TITLES
from tensions_cli.records import NEUTRE
from tensions_cli.results import Condition, Figure, Verdict
from tensions_cli.statistics.extracts import plain
from tensions_cli.studies.drift import figure
from tensions_cli.studies.summaries import COUNTS, SHARES, Summary, SummaryGroup

ANY = "any"
OPERATORS: Mapping[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
}
# Other ways of typing them.
OTHER_SIGNS = {"≤": "<=", "≥": ">=", "≠": "!=", "=": "=="}
# The last sign of the text is the operator: a group may be called `âge=>60`.
_CONDITION = re.compile(
    r"(?P<left>.*[^<>=!≤≥≠\s])\s*(?P<sign><=|>=|==|!=|[<>≤≥≠=])\s*(?P<number>[^<>=!≤≥≠]+)", re.DOTALL
)
_NUMBER = re.compile(r"(?P<sign>[-+−]?)(?P<digits>[0-9]{1,13}(?:[.,][0-9]{1,13})?|[.,][0-9]{1,13})(?P<percent>%?)")
# What tables call some measures.
IN_TABLES = {"tension": "tension_share", "mots": "words", "personnes": "persons", "locuteurs": "speakers"}
_SPACES = re.compile(r"\s+")
_FIELDS = re.compile(r",(?=[^,=]+=)")  # `genre=article,rank=terrain`; a value may have a comma
HOW = '--fail-if "tension_share > 0,3", --fail-if "any: mixte > 50 %", --fail-if "genre=presse: passages < 30"'


# --- reading ------------------------------------------------------------------------------------------


def parse_conditions(texts: Sequence[str], by: Sequence[str]) -> tuple[Condition, ...]:
    """The conditions of `--fail-if`, for the codebook in use and groups by the fields `by`.

    Raises TensionsError for what cannot be understood, or can never be true of a measure of that kind.
    """
    found = tuple(parse_condition(text) for text in texts)
    for condition in found:
        _check_fields(condition, by)
    return found


def parse_condition(text: str) -> Condition:
    """`[GROUP:]MEASURE OP NUMBER`; GROUP is `any`, or `FIELD=VALUE,…`. Raises TensionsError."""
    parts = _CONDITION.fullmatch(text.strip())
    if parts is None:
        raise _unclear(text, "il faut une mesure, un signe (<, <=, >, >=, ==, !=), puis un nombre")
    group, colon, name = parts["left"].rpartition(":")
    measure = measure_named(name.strip())
    if measure is None:
        raise _unknown_measure(name.strip())
    sign = OTHER_SIGNS.get(parts["sign"], parts["sign"])
    number, is_percent = _number(parts["number"], text)
    _check_range(measure, number, is_percent, text)
    return Condition(text.strip(), _scope(group.strip(), text) if colon else None, measure, sign, number)


def parse_tolerance(text: str) -> float:
    """`--tolerance`: `0.02`, `0,02` or `2 %`, from 0 to 1. Raises TensionsError."""
    found = _NUMBER.fullmatch(_SPACES.sub("", text))
    number = _value(found) if found else -1.0
    if not 0 <= number <= 1:
        raise TensionsError(
            f"--tolerance\u00a0: la valeur «\u00a0{text}\u00a0» ne convient pas",
            why="une part va de 0 à 1, et une tolérance aussi",
            hint="--tolerance 0.02 (ou 2\u00a0%) pour laisser bouger chaque part de deux points",
        )
    return number


def measures() -> list[str]:
    """The measures that a condition may be on, with the codebook in use; a label alone is its share of passages."""
    book = codebook()
    shares = [f"{kind}.{label}" for kind in SHARES for label in book.labels]
    balance = [] if book.by_pair else ["balance"]
    return ["tension_share", *balance, *COUNTS, "certain_share", *shares, "shares_by_document.tension"]


def measure_named(name: str) -> str | None:
    """The measure that was typed, accents and capitals forgiven, or its name in the tables. None when unknown."""
    known = {plain(measure): measure for measure in measures()}
    labels = {plain(label): f"shares.{label}" for label in codebook().labels}
    return {**IN_TABLES, **labels, **known}.get(plain(name))


def _number(text: str, condition: str) -> tuple[float, bool]:
    """The number (0.3 for 30 %), and whether it was a percentage; spaces in it and a decimal comma are forgiven."""
    found = _NUMBER.fullmatch(_SPACES.sub("", text))
    if found is None:
        raise _unclear(condition, f"«\u00a0{text.strip()}\u00a0» n’est pas un nombre")
    return _value(found), bool(found["percent"])


def _value(found: re.Match[str]) -> float:
    """The number of a match of _NUMBER, percentages as shares."""
    number = float(found["digits"].replace(",", ".")) / (100 if found["percent"] else 1)
    return -number if found["sign"] in ("-", "−") and number else number


def _check_range(measure: str, value: float, is_percent: bool, text: str) -> None:
    """A share above 1 is a forgotten per cent sign: the condition would never, or always, be true."""
    if measure in COUNTS:
        if is_percent or value != int(value) or value < 0:
            raise _unclear(text, f"{measure} se compte\u00a0: il faut un nombre entier, sans %")
    elif not (-1 if measure == "balance" else 0) <= value <= 1:
        low = "−1" if measure == "balance" else "0"
        raise _unclear(text, f"{measure} va de {low} à 1 (écrivez 0,3 ou 30\u00a0%)")


def _scope(group: str, text: str) -> Mapping[str, str]:
    """{} for every group; else the values asked, by field."""
    if plain(group) == ANY:
        return {}
    pairs = [pair.partition("=") for pair in _FIELDS.split(group)]
    if not group or not all(name.strip() and equals and value.strip() for name, equals, value in pairs):
        raise _unclear(text, "un groupe s’écrit champ=valeur, ou any pour chacun")
    return {name.strip(): value.strip() for name, _, value in pairs}


def _check_fields(condition: Condition, by: Sequence[str]) -> None:
    if condition.scope is None:
        return
    if not by:
        raise _unclear(condition.text, "il n’y a pas de groupes sans --by")
    for name in condition.scope:
        if plain(name) not in map(plain, by):
            raise TensionsError(
                f"--fail-if\u00a0: les groupes ne sont pas faits par «\u00a0{name}\u00a0»",
                why=f"--by donne {', '.join(by)}",
                hint=f"ajoutez --by {name}, ou nommez un groupe par\u00a0: {', '.join(by)}",
            )


def _unclear(text: str, why: str) -> TensionsError:
    return TensionsError(f"--fail-if\u00a0: «\u00a0{text}\u00a0» ne se comprend pas", why=why, hint=HOW)


def _unknown_measure(name: str) -> TensionsError:
    labels = codebook().labels
    near = difflib.get_close_matches(plain(name), [*measures(), *labels], 1)
    return TensionsError(
        f"--fail-if\u00a0: la mesure «\u00a0{name}\u00a0» est inconnue",
        why=f"la plus proche est {near[0]}" if near else "aucun résumé de cette grille ne la donne",
        hint=(
            f"l’une de\u00a0: {', '.join(one for one in measures() if '.' not in one)}, {', '.join(labels)}\u00a0; "
            f"{', '.join(f'{kind}.{NEUTRE}' for kind in SHARES)}… pour une part calculée autrement"
        ),
    )


# --- judging ------------------------------------------------------------------------------------------


def verdicts(conditions: Sequence[Condition], summary: Summary) -> tuple[Verdict, ...]:
    """Each condition in each group that it means, in order; one that means no group is told so, and fails."""
    return tuple(verdict for condition in conditions for verdict in _verdicts(condition, summary))


def _verdicts(condition: Condition, summary: Summary) -> Iterator[Verdict]:
    groups = list(_groups(condition.scope, summary.groups))
    if not groups:
        yield Verdict(condition, None, Figure(None, None), "nowhere")
    for group in groups:
        found = figure(group, condition.measure)
        yield Verdict(condition, group.by, found, _state(condition, group, found.value))


def _state(condition: Condition, group: SummaryGroup, value: float | None) -> str:
    if group.masked:
        return "masked"
    if value is None:
        return "unknown"
    holds = OPERATORS[condition.operator](round(value, 4), round(condition.number, 6))
    return "true" if holds else "false"


def _groups(scope: Mapping[str, str] | None, groups: Sequence[SummaryGroup]) -> Iterator[SummaryGroup]:
    """The whole corpus, every group, or those that have the values asked."""
    for group in groups:
        if scope is None:
            if not group.by:
                yield group
        elif group.by and all(_has(group.by, name, value) for name, value in scope.items()):
            yield group


def _has(by: Mapping[str, str], name: str, value: str) -> bool:
    """The group has this value, accents and capitals forgiven; roles may be named in French."""
    own = [one for field, one in by.items() if plain(field) == plain(name)]
    roles = {role.value: title for role, title in ROLE_TITLES.items() if role is not None}
    return any(plain(value) in (plain(one), plain(roles.get(one, one))) for one in own)
