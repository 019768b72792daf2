"""Where logics meet, as a person reads it in the terminal: two lines of signs per document, then the exchange."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.console import Group as Lines
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tensions_cli.knowledge.codebook import codebook
from tensions_cli.output import french
from tensions_cli.output.course_rows import speaker_ranks
from tensions_cli.output.french import NBSP
from tensions_cli.output.palette import shade
from tensions_cli.records import Relation, Role
from tensions_cli.results import Bringer, Course, Reply

# Eight heights of a score from 0 to 1, then those of consoles that lack the first (cp1252).
HEIGHTS = ("▁▂▃▄▅▆▇█", "_.:-=+*#")
NAME_WIDTH = 32  # longest name of a document beside its curves; a longer one is folded
NARROW = 72  # under this, names are folded sooner
NARROW_NAME_WIDTH = 22
LEADING_AXES = 3  # axes named for each relation; the others are in the JSON summary
MANY_SPEAKERS = 8  # beyond (an assembly), those who bear neither logic are one line
RELATION_TITLES = {
    Relation.OPPOSITION: "opposition",
    Relation.ARTICULATION: "articulation",
    Relation.JUXTAPOSITION: "juxtaposition",
}


def print_courses(
    courses: Sequence[Course], out: Console, *, names: bool = True, texts: Mapping[str, str] | None = None
) -> None:
    """Each document: its two curves, replies, who brings what, axes of the meetings; then how to read them.

    `names`: speakers by their label (on screen), or « locuteur 1 » (in a file). `texts`: passages by id, when quotes
    are asked for; without it no text is shown, neither of the passages nor of the questions.
    """
    if not courses:
        return
    limit = NAME_WIDTH if out.width >= NARROW else NARROW_NAME_WIDTH
    width = min(limit, max(len(french.printable(course.document)) for course in courses))
    out.print(Text("Où les logiques se rencontrent", style="bold"))
    for course in courses:
        out.print()
        out.print(_curves(course, width, out))
        for part in (_replies(course, names, texts or {}), _bringers(course, names), _meetings(course)):
            if part is not None:
                out.print(Padding(part, (0, 0, 0, 2), expand=False))
    out.print(_legend(courses, out))


def _curves(course: Course, width: int, out: Console) -> Table:
    """The name of the document, then the logics one above the other, at the same column in every document."""
    heights = _heights(out)
    table = Table.grid(padding=(0, 1))
    table.add_column(width=width, overflow="fold")
    table.add_column()
    table.add_column(no_wrap=True)
    curves = [
        Text("".join(heights[_height(point.scores[pole])] for point in course.points), style=shade(pole).terminal)
        for pole in codebook().letters
    ]
    table.add_row(
        Text(french.printable(course.document), style="bold"), "\n".join(codebook().letters.values()), Lines(*curves)
    )
    return table


def _heights(out: Console) -> str:
    full, plain = HEIGHTS
    try:
        full.encode(out.encoding)
    except (UnicodeEncodeError, LookupError):
        return plain
    return full


def _height(score: float) -> int:
    return min(int(score * len(HEIGHTS[0])), len(HEIGHTS[0]) - 1)


def _replies(course: Course, names: bool, texts: Mapping[str, str]) -> Lines | None:
    """Nothing where nobody answers anybody: prose, or an interview of one person."""
    if sum(bringer.role != Role.INTERVIEWER for bringer in course.bringers) < 2:
        return None
    if not course.replies:
        return Lines(Text(f"Réponses d’une logique à l’autre{NBSP}: aucune"))
    title = Text(f"Réponses d’une logique à l’autre{NBSP}: {french.integer(len(course.replies))}")
    return Lines(title, *(_reply(course, reply, names, texts) for reply in course.replies))


def _reply(course: Course, reply: Reply, names: bool, texts: Mapping[str, str]) -> Padding:
    first = _speaker(course, reply.from_speaker, names)
    second = _speaker(course, reply.to_speaker, names)
    lines: list[Text | Padding] = [
        Text(french.printable(f"{first} ({reply.from_pole}) {reply.from_passage}")),
        *_quote(texts.get(reply.from_passage)),
        *_quote(reply.question if texts else None, "après la question"),
        Text(french.printable(f"réponse de {second} ({reply.to_pole}) {reply.to_passage}")),
        *_quote(texts.get(reply.to_passage)),
    ]
    return Padding(Lines(*lines), (0, 0, 0, 2), expand=False)


def _quote(text: str | None, title: str = "") -> list[Padding]:
    if text is None:
        return []
    before = f"{title}{NBSP}: " if title else ""
    line = f"{before}«{NBSP}{french.printable(' '.join(text.split()))}{NBSP}»"
    return [Padding(Text(line, style="dim"), (0, 0, 0, 2), expand=False)]


def _speaker(course: Course, speaker: str | None, names: bool) -> str:
    if names and speaker is not None:
        return speaker
    return f"locuteur {speaker_ranks(course).get(speaker, '?')}"


def _bringers(course: Course, names: bool) -> Table | None:
    """Counts, never shares: an exchange of a few dozen passages has no percentages."""
    if not course.bringers:
        return None
    table = Table(box=None, pad_edge=False, padding=(0, 1), header_style="dim")
    table.add_column("qui apporte quoi", overflow="fold", min_width=16, max_width=30)
    table.add_column("pass.", justify="right", no_wrap=True)
    for letter in codebook().letters.values():
        table.add_column(letter, justify="right", no_wrap=True)
    shown = [one for one in course.bringers if len(course.bringers) <= MANY_SPEAKERS or any(one.bearing.values())]
    for bringer in shown:
        style = "dim" if bringer.role == Role.INTERVIEWER else ""
        table.add_row(*_bringer_cells(course, bringer, names), style=style)
    if silent := [one for one in course.bringers if one not in shown]:
        table.add_row(
            french.plural(len(silent), "autre"),
            str(sum(one.passages for one in silent)),
            *("0" for _ in codebook().poles),
        )
    return table


def _bringer_cells(course: Course, bringer: Bringer, names: bool) -> list[Text]:
    """Name, passages, then « 9 = 2 + 7 » for each logic: borne, brought, taken up."""
    name = _speaker(course, bringer.speaker, names)
    name = f"questions ({name})" if bringer.role == Role.INTERVIEWER else name
    cells = [Text(french.printable(name)), Text(french.integer(bringer.passages))]
    for pole in codebook().letters:
        borne, brought, taken_up = bringer.bearing[pole], bringer.brought[pole], bringer.taken_up[pole]
        cells.append(Text(f"{borne} = {brought} + {taken_up}".replace(" ", NBSP) if borne else "0"))
    return cells


def _meetings(course: Course) -> Text | None:
    """« 6 oppositions (usager 4, temps 3), 2 articulations (…) », the most frequent axes first."""
    parts = [
        f"{french.plural(course.mixed[relation], RELATION_TITLES[relation])}{_axes(course.meetings[relation])}"
        for relation in Relation
        if course.mixed.get(relation)
    ]
    return Text(f"Passages mixtes{NBSP}: {', '.join(parts)}") if parts else None


def _axes(counts: Mapping[str, int]) -> str:
    ordered = sorted((-n, rank, axis) for rank, (axis, n) in enumerate(counts.items()) if n)
    shown = [f"{french.axis_titles()[axis]}{NBSP}{french.integer(-n)}" for n, _, axis in ordered[:LEADING_AXES]]
    more = ["…"] if len(ordered) > LEADING_AXES else []
    return f" ({', '.join([*shown, *more])})" if shown else ""


def _legend(courses: Sequence[Course], out: Console) -> Padding:
    heights = _heights(out)
    lines = [
        f"{', '.join(codebook().letters.values())}{NBSP}: score moyen de chaque logique le long du texte, de "
        f"{heights[0]} (0) à {heights[-1]} (1), en 24 pas d’autant de mots au plus{NBSP}; ce que le modèle propose.",
    ]
    if any(course.bringers for course in courses):
        lines.append(
            f"qui apporte quoi{NBSP}: «{NBSP}9{NBSP}={NBSP}2{NBSP}+{NBSP}7{NBSP}» se lit neuf passages qui portent la "
            "logique, deux où elle est apportée (aucun des trois passages d’avant, question comprise, ne la portait), "
            f"sept où elle est reprise. pass.{NBSP}: passages de plus de deux mots. Les questions de l’enquêteur "
            f"ne sont là que comme contexte{NBSP}; les noms suivent l’ordre des prises de parole."
        )
    if any(course.replies for course in courses):
        lines.append(
            f"réponse{NBSP}: un tour ne porte qu’une logique, le suivant, d’un autre enquêté, porte l’autre, seule ou "
            "avec la première (mixte)."
        )
    if any(any(course.mixed.values()) for course in courses):
        lines.append(
            f"axes entre parenthèses{NBSP}: un passage compte sur chacun des siens{NBSP}; la relation est le code le "
            "moins sûr, lisez les passages."
        )
    return Padding(Text("\n".join(lines), style="dim"), (1, 0, 0, 0), expand=False)
