"""Numbers, labels and places as a French reader expects them."""

from collections.abc import Mapping
from functools import cache

from tensions_cli.knowledge.files import read_toml
from tensions_cli.records import MIN_BEARING, Interval, Label, Passage, Role

NBSP = "\u00a0"

LABEL_TITLES = {
    Label.RATIONALISATION: "rationalisation",
    Label.PROFESSIONNELLE: "professionnelle",
    Label.MIXTE: "mixte",
    Label.NEUTRE: "neutre",
}
STANCE_TITLES = {
    "soutenue": "soutenue",
    "contestee": "contestée",
    "decrite": "décrite",
    "menacee": "menacée",
}
ROLE_TITLES = {Role.INTERVIEWER: "enquêteur", Role.RESPONDENT: "enquêté", None: "rôle indécis"}
TOO_FEW = "trop peu"


@cache
def axis_titles() -> dict[str, str]:
    """Names of the axes with their accents."""
    return {axis["name"]: axis["title"] for axis in read_toml("codebook.toml")["axes"]}


def integer(number: int) -> str:
    """1 234 with a no-break space."""
    return f"{number:,}".replace(",", NBSP)


def percent(share: float | None) -> str:
    """A share in [0, 1] as a whole percentage, or a dash."""
    return "–" if share is None else f"{100 * share:.0f}{NBSP}%"


def stances(counts: Mapping[str, int]) -> str:
    """« soutenue 31 %, contestée 44 %, décrite 25 % (n = 120) »; « trop peu » under MIN_BEARING passages."""
    n = sum(counts.values())
    shares = [f"{STANCE_TITLES[name]}{NBSP}{percent(count / n)}" for name, count in counts.items() if n >= MIN_BEARING]
    return f"{', '.join(shares) or TOO_FEW} (n{NBSP}={NBSP}{integer(n)})"


def decimal(number: float | None, places: int = 2) -> str:
    """A signed number with a decimal comma, or a dash."""
    return "–" if number is None else f"{number:+.{places}f}".replace(".", ",").replace("-", "−")


def bounds(interval: Interval | None, method: str) -> str:
    """[4–13], in per cent; « trop peu » without enough clusters; a dash where a share of 0 or 1 has no spread."""
    if interval is not None:
        return f"[{100 * interval.low:.0f}–{100 * interval.high:.0f}]"
    return TOO_FEW if method.startswith("none") else "–"


def printable(text: str) -> str:
    """Text fit for a terminal: control characters of a file name or of a label could drive it."""
    return "".join(c if c.isprintable() or c in " \u00a0\u202f" else "\ufffd" for c in text)


def plural(count: int, singular: str, plural_form: str | None = None) -> str:
    """« 1 passage », « 3 passages »."""
    return f"{integer(count)} {singular if count < 2 else plural_form or singular + 's'}"


def place(passage: Passage) -> str:
    """Copyable reference of a passage: its id, and its turn in an interview."""
    turn = f", tour {passage.turn}" if passage.turn else ""
    return printable(f"{passage.id}{turn}")


def method(name: str) -> str:
    """How intervals were made, in French, from the name that the statistics give."""
    unit = "personne" if "person" in name else "document"
    if name.startswith("student"):
        return f"Student sur le ratio, par {unit}"
    if name.startswith("bootstrap"):
        return f"rééchantillonnage par {unit}, graine fixe"
    return f"aucun{NBSP}: moins de cinq {unit}s"
