"""Coded passages: the material a model learns from and is judged on."""

import hashlib
import json
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tensions_cli.coding.coders import is_machine
from tensions_cli.errors import TensionsError
from tensions_cli.knowledge.codebook import codebook, label_of
from tensions_cli.knowledge.sample_design import MOST_WEIGHT
from tensions_cli.records import Relation


@dataclass(frozen=True, slots=True)
class CodedPassage:
    """One passage with the codes of one coder.

    `document` is None for a passage written alone, to a quota: it trains, it never evaluates. `logics`: those present,
    in the order of the codebook. `relations`: by pair of logics present. `axes` maps an axis to the poles at work.
    `weight`: how many passages one drawn at random stands for. `drawn`: how one was chosen to teach (`uncertain`…): it
    trains, it never evaluates.
    """

    id: str
    document: str | None
    author: str
    coder: str
    genre: str
    sector: str | None
    speaker: str | None
    text: str
    logics: tuple[str, ...]
    relations: Mapping[str, str]
    stance: Mapping[str, str]
    axes: Mapping[str, tuple[str, ...]]
    weight: float | None = None
    drawn: str | None = None

    @property
    def label(self) -> str:
        """The label that the answers give."""
        return label_of(self.logics)

    @property
    def relation(self) -> str | None:
        """The strongest relation between the logics present."""
        return next((name for name in Relation if name in self.relations.values()), None)

    @property
    def whole(self) -> bool:
        """Cut from a whole document, in natural proportions."""
        return self.document is not None


CARD = "card.toml"
MAX_CARD = 100_000  # bytes: a few paragraphs
MAX_BYTES = 200_000_000  # of a file of codes: a hundred thousand passages with their texts

# Why rows that are valid are left out, in French: for one, and for several.
LEFT_OUT = {
    "machine": (
        "1 passage codé par la machine, laissé de côté\u00a0: ce n’est pas un code humain",
        "{n} passages codés par la machine, laissés de côté\u00a0: ce ne sont pas des codes humains",
    ),
    "relation": (
        "1 passage mixte sans relation, laissé de côté\u00a0: à compléter",
        "{n} passages mixtes sans relation, laissés de côté\u00a0: à compléter",
    ),
    "unfinished": (
        "1 passage commencé, laissé de côté\u00a0: tensions coding annotate le termine",
        "{n} passages commencés, laissés de côté\u00a0: tensions coding annotate les termine",
    ),
    "text": ("1 passage sans texte, laissé de côté", "{n} passages sans texte, laissés de côté"),
}


def read_coded(
    sources: Iterable[Path], tell: Callable[[str], None] | None = None, left_out: Counter[str] | None = None
) -> list[CodedPassage]:
    """Coded passages of JSON Lines files and folders of them, in the order of names.

    A model neither learns nor is judged on the answers of a machine: passages that one coded are left out, and so
    are imported ones (they have a `place`) that are still to be completed. `tell` hears how many, in French; `left_out`
    counts them by reason (a key of `LEFT_OUT`).
    Raises TensionsError for a missing source, and names file and line of a row that is not valid.
    """
    files: list[Path] = []
    for source in sources:
        files += sorted(source.glob("*.jsonl")) if source.is_dir() else [source]
    left_out = Counter() if left_out is None else left_out
    passages = [passage for file in files for passage in _read_file(file, left_out)]
    notices = [LEFT_OUT[why][n > 1].format(n=n) for why, n in left_out.items()]
    if tell is not None:
        for notice in notices:
            tell(notice)
    repeated = [name for name, n in Counter(p.id for p in passages).items() if n > 1]
    if repeated:
        raise TensionsError(
            "des passages codés portent le même identifiant",
            why=f"par exemple {repeated[0][:80]} ({len(repeated)} en tout)",
            hint="donnez un identifiant unique à chaque passage",
        )
    if not passages and notices:
        raise TensionsError(
            "aucun passage codé par une personne ne peut servir",
            why=" ; ".join(notices).replace(" ;", "\u00a0;"),
            hint="faites accepter ou corriger les passages par une personne (colonne «\u00a0décision\u00a0»), puis "
            "tensions coding import FICHIER --coder A -o codes.jsonl",
        )
    if not passages:
        raise TensionsError(
            "aucun passage codé",
            why="les fichiers donnés n’en contiennent pas",
            hint="donnez des passages codés (codes.jsonl)\u00a0: tensions coding import ou coding annotate en écrivent",
        )
    return passages


def check_file(path: Path) -> None:
    """Raise TensionsError where this is no file to read: a pipe or a device would be read without end."""
    if path.exists() and (not path.is_file() or path.stat().st_size > MAX_BYTES):
        raise TensionsError(
            f"{path.name} ne se lit pas",
            why=f"ce n’est pas un fichier ordinaire, ou il dépasse {MAX_BYTES // 1_000_000}\u00a0Mo",
            hint="donnez un fichier JSON Lines en UTF-8",
        )


def _read_file(path: Path, left_out: Counter[str]) -> list[CodedPassage]:
    check_file(path)
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, ValueError) as error:
        raise TensionsError(
            f"{path.name} ne se lit pas",
            why="fichier absent, ou qui n’est pas en UTF-8",
            hint="donnez un fichier JSON Lines en UTF-8",
        ) from error
    read = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        row = _row(line, path.name, number)
        why = _why_left_out(row)
        if why is not None:
            left_out[why] += 1
            continue
        passage = _parse(row, path.name, number)
        # A rejected row keeps the codes that a person refused: it is no code of anyone.
        if row.get("decision") != "rejected":
            read.append(passage)
    return read


def _row(line: str, file: str, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _bad(file, number, "la ligne n’est pas un passage codé") from error
    if not isinstance(row, dict):
        raise _bad(file, number, "la ligne n’est pas un passage codé")
    return row


def _why_left_out(row: Mapping[str, Any]) -> str | None:
    """A key of `LEFT_OUT`. A row written by hand (without `place`) is never incomplete in silence: it is refused."""
    if row.get("coded_by") == "model" or is_machine(str(row.get("coder"))):
        return "machine"
    if row.get("finished") is False:
        return "unfinished"
    if row.get("place") is None or row.get("decision") == "rejected":
        return None
    if row.get("text") is None:
        return "text"
    present = sum(row.get(letter) is True for letter in codebook().letters.values())
    return "relation" if present > 1 and not row.get("relation") else None


def _parse(row: Mapping[str, Any], file: str, number: int) -> CodedPassage:
    try:
        logics = codebook().present([_yes_or_no(row[letter]) for letter in codebook().letters.values()])
        passage = CodedPassage(
            id=_name(row["id"]) or "",
            document=_name(row.get("document")),
            author=_name(row.get("author")) or "?",
            coder=_name(row.get("coder")) or _name(row.get("author")) or "?",
            genre=_name(row.get("genre")) or "?",
            sector=_name(row.get("sector")),
            speaker=_name(row.get("speaker")),
            text=_words(row["text"]),
            logics=logics,
            relations=_relations(row.get("relation"), logics),
            stance={logic: _words(name) for logic, name in (row.get("stance") or {}).items()},
            axes={axis: _poles(poles) for axis, poles in (row.get("axes") or {}).items()},
            weight=_weight(row.get("weight")),
            drawn=None if row.get("drawn") in (None, "", "random") else str(row["drawn"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _bad(file, number, _not_coded(row)) from error
    for reason in problems(passage):
        raise _bad(file, number, reason)
    return passage


def _yes_or_no(value: object) -> bool:
    """A JSON true or false; "non" or 1 would be taken for yes by Python, and is refused."""
    if not isinstance(value, bool):
        raise TypeError("the answers are true or false")
    return value


def _name(value: object) -> str | None:
    """What names something: a string or a number, never a list, whose writing would pass for a name."""
    if value is not None and not isinstance(value, str | int | float):
        raise TypeError("a name is a string or a number")
    return None if value is None else str(value)


def _words(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is a string")
    return value


def _poles(value: object) -> tuple[str, ...]:
    """The logics of an axis: a list of names; a string would pass for the list of its letters."""
    if not isinstance(value, list):
        raise TypeError("the logics of an axis are a list")
    return tuple(map(_words, value))


def _weight(value: object) -> float | None:
    """How many passages one stands for; NaN, an infinite or a negative number would turn figures into nonsense."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= MOST_WEIGHT:
        raise ValueError("a weight is a number of passages")
    return float(value)


def _not_coded(row: Mapping[str, Any]) -> str:
    """Why a row cannot be read, as its author can look for it."""
    weight = row.get("weight")
    number = isinstance(weight, int | float) and not isinstance(weight, bool)
    if weight is not None and not (number and 0 < weight <= MOST_WEIGHT):
        return "le poids (weight) est un nombre plus grand que zéro"
    answers = ", ".join(codebook().letters.values())
    others = [key for key, value in row.items() if len(key) == 1 and key.isupper() and isinstance(value, bool)]
    if others and not set(codebook().letters.values()) <= set(others):
        return (
            f"ces codes sont d’une autre grille (colonnes {', '.join(sorted(others))}), la grille employée a {answers}"
            "\u00a0: ajoutez --codebook, ou un modèle qui a appris cette grille (--model)"
        )
    return (
        f"la ligne n’est pas un passage codé\u00a0: il faut id, text, et true ou false pour {answers}\u00a0; stance, "
        "axes et relation comme la grille les définit"
    )


def _relations(value: object, logics: tuple[str, ...]) -> Mapping[str, str]:
    """One name where two logics at most are present; else by pair (`{"marchande+civique": "opposition"}`)."""
    if isinstance(value, Mapping):
        return {str(pair): str(name) for pair, name in value.items()}
    pairs = codebook().pairs_of(logics) or ("",)  # kept without a pair, so that it is refused
    return {} if value is None else dict.fromkeys(pairs, str(value)) if len(pairs) == 1 else {"": str(value)}


def problems(passage: CodedPassage) -> list[str]:
    """What the codebook forbids in a coded passage, in French."""
    book = codebook()
    logics, pairs = set(passage.logics), set(book.pairs_of(passage.logics))
    found = []
    if pairs - passage.relations.keys():
        told = "" if len(pairs) == 1 else "\u00a0: une par paire de logiques"
        found.append(f"relation absente d’un passage mixte{told}")
    if passage.relations.keys() - pairs:
        found.append("une relation va avec un passage mixte, et seulement avec lui")
    if not set(passage.relations.values()) <= set(book.relations):
        found.append("relation inconnue de la grille")
    for axis, poles in passage.axes.items():
        if axis not in book.axes:
            found.append("axe inconnu de la grille")
        if not poles or not set(poles) <= logics:
            found.append("un axe ne peut porter que les logiques du passage")
    if not set(passage.stance) <= logics or not set(passage.stance.values()) <= set(book.stance_meanings):
        found.append("posture inconnue de la grille, ou d’une logique absente")
    if not passage.text.strip():
        found.append("texte vide")
    return found


def corpus_sha256(passages: Iterable[CodedPassage]) -> str:
    """Hash of texts and codes, in order: what the model was trained on."""
    digest = hashlib.sha256()
    for p in passages:
        between = sorted(p.relations.items()) if codebook().by_pair else p.relation
        answers = [*(pole in p.logics for pole in codebook().poles), between]
        codes = [p.id, p.document, p.author, p.text, answers, sorted(p.axes.items()), sorted(p.stance.items())]
        digest.update(json.dumps(codes, ensure_ascii=False).encode("utf-8"))
    return digest.hexdigest()


def _bad(file: str, number: int, reason: str) -> TensionsError:
    return TensionsError(
        f"{file}, ligne {number}\u00a0: passage codé refusé", why=reason, hint="corrigez la ligne, puis relancez"
    )


def told_provenance(sources: Iterable[Path]) -> dict[str, str]:
    """`card.toml` beside the coded passages: who wrote, who coded, which rights. Empty when nobody said.

    Two files of one folder have one card. Raises TensionsError for a card that is no TOML of texts.
    """
    told: dict[str, str] = {}
    folders = (source.absolute() if source.is_dir() else source.absolute().parent for source in sources)
    for path in (folder / CARD for folder in dict.fromkeys(folder.resolve() for folder in folders)):
        if path.is_file():
            for key, text in _read_card(path).items():
                told[key] = f"{told[key]} {text}" if key in told else text
    return told


def _read_card(path: Path) -> dict[str, str]:
    try:
        if path.stat().st_size > MAX_CARD:
            raise ValueError
        card = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError):  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        card = {"": None}
    if not all(isinstance(text, str) for text in card.values()):
        raise TensionsError(
            f"{CARD} ne se lit pas",
            why=f"la fiche à côté des passages codés ({path.parent.name}) n’est pas du TOML en UTF-8, ou dit autre "
            "chose que du texte",
            hint='provenance = "…", coded_by = "model" si une machine a codé, rights = "…"\u00a0; ou retirez la fiche',
        )
    return card


def coders_of(passages: Sequence[CodedPassage], sources: Iterable[Path]) -> dict[str, Any]:
    """How many coders, and who they are (`coded_by`)."""
    return {"coders": len({p.coder for p in passages}), "coded_by": coded_by(told_provenance(sources))}


def coded_by(told: Mapping[str, str]) -> str:
    """Who coded, from the card beside the passages: `people` when there is none.

    `model`: the card says `coded_by = "model"`; `told`: it tells a provenance, which is then for the reader to judge.
    Rows that say themselves coded by a machine are never among coded passages.
    """
    if "model" in told.get("coded_by", "").split():
        return "model"
    return "told" if "provenance" in told else "people"
