"""The user's gold: passages of this very corpus that a person has coded, with which shares are corrected."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tensions_cli.coding.coders import SHORT, is_machine, numbered
from tensions_cli.coding.matching import Key, match
from tensions_cli.corpus.sources import find_files
from tensions_cli.errors import TensionsError
from tensions_cli.fingerprint import fingerprint
from tensions_cli.knowledge.sample_design import MOST_WEIGHT
from tensions_cli.output.french import FEW_LEARNT, integer, plural
from tensions_cli.pipeline import Options, Progress, analyse, silent
from tensions_cli.records import Analysis, TaggedPassage
from tensions_cli.results import Correction, Corrections
from tensions_cli.statistics.correction import (
    MIN_GOLD,
    Observed,
    corrections,
    documents_reached,
    measures_of,
    unlike_the_corpus,
)
from tensions_cli.statistics.summary import field_value
from tensions_cli.tagging.model_folder import find_model
from tensions_cli.training.coded import LEFT_OUT, CodedPassage, read_coded
from tensions_cli.training.seen import seen_in_training

MAKE_ONE = (
    "tensions coding sample corpus/ -n 200 -o a_coder.xlsx, coder, puis "
    "tensions coding import a_coder.xlsx --coder A -o gold.jsonl"
)
# Documents that a random gold may leave out beyond what is expected: their number varies by less than one or two.
MISSED = 3
SHEETS = (".xlsx", ".xlsm", ".xls", ".ods", ".csv", ".tsv", ".qdpx", ".parquet")  # what `coding import` is for


@dataclass(frozen=True, slots=True)
class Gold:
    """Coded passages in file order, their weights (1 where the file gives none), and what was left out, in French.

    `left_out`: how many, for each reason.
    """

    passages: tuple[CodedPassage, ...]
    weights: tuple[float, ...]
    weighted: bool
    sha256: str
    notices: tuple[str, ...]
    left_out: tuple[tuple[int, str], ...] = ()
    rows: int = 0  # passages of the file, those left out too


@dataclass(frozen=True, slots=True)
class Seen:
    """A counted passage, as matching needs it: nothing of its text but a fingerprint."""

    key: Key
    observed: Observed


def analyse_with_gold(sources: Sequence[str], options: Options, file: Path, progress: Progress = silent) -> Analysis:
    """The summary, with the shares corrected by the gold in `file`, and the gold named in the manifest."""
    refuse_both(options)
    gold = read_gold(file)
    refuse_learnt(gold, options.model)
    check_outside(file, sources)
    passages: list[Seen] = []
    analysis = analyse(sources, options, progress, lambda tagged: passages.append(seen(tagged, options.by)))
    found = correct_with_gold(passages, gold, options.by)
    masked = {tuple(group.by.items()) for group in analysis.groups if group.masked}
    groups = tuple(_emptied(group) if tuple(group.by.items()) in masked else group for group in found.groups)
    used = {"sha256": gold.sha256, "matched": found.matched, "unmatched": found.unmatched, "weighted": found.weighted}
    return replace(analysis, manifest={**analysis.manifest, "gold": used}, corrections=replace(found, groups=groups))


def refuse_both(options: Options) -> None:
    """Codes that decide passages leave no error of the machine to measure there. Raises TensionsError."""
    if options.codes is not None:
        raise TensionsError(
            "--codes ne va pas avec --gold",
            why="--gold mesure les erreurs de la machine sur des passages que --codes lui aurait retirés",
            hint="gardez --gold pour corriger les parts, ou --codes pour que les codes humains l’emportent",
        )


def refuse_learnt(gold: Gold, model: str) -> None:
    """A model makes few errors on what it learnt: they say nothing of the others. Raises TensionsError."""
    learnt = seen_in_training((one.text for one in gold.passages), find_model(model)) or 0
    if learnt > FEW_LEARNT * len(gold.passages):
        raise TensionsError(
            f"ce modèle a appris {learnt} des {len(gold.passages)} passages de --gold",
            why="il s’y trompe moins qu’ailleurs\u00a0: la correction serait trop faible",
            hint="--model standard avec ce gold, ou un gold tiré à part (tensions coding sample --without)",
        )


def check_outside(file: Path, sources: Sequence[str]) -> None:
    """Refuse a file of codes that is one of the files to read. Raises TensionsError."""
    read = [found.path for found in find_files(sources, remote=True).files if found.name != "stdin"]
    if file.resolve() in {path.resolve() for path in read}:
        raise TensionsError(
            f"{file.name} est lui-même dans le corpus",
            why="ses passages seraient lus comme des textes de plus, et comptés deux fois",
            hint="rangez-le hors du dossier analysé, puis relancez",
        )


def _emptied(group: Correction) -> Correction:
    return Correction(group.by, 0, 0, (), "none: masked")


def read_gold(file: Path, option: str = "--gold", *, estimates: bool = True) -> Gold:
    """A gold with one code a passage, made by a person.

    `estimates`: it measures the errors of the machine, and passages that were chosen to teach (`drawn`) are left out.
    Refuses two codes on one passage, which have no share in common: the disagreement is to be settled by people.
    """
    rows = _raw_rows(file, option)
    repeated = [name for name, n in Counter(str(row["id"]) for row in rows).items() if n > 1]
    if repeated:
        raise TensionsError(
            f"{file.name} donne plusieurs codes à un même passage ({len(repeated)} en tout)",
            why="deux codeurs, ou deux imports\u00a0: choisir, ou suivre la majorité, effacerait leur désaccord",
            hint="gardez une ligne par passage, celle qui a été arrêtée ensemble",
        )
    notices: list[str] = []
    counts: Counter[str] = Counter()
    read = read_coded([file], notices.append, counts)
    # « 3 passages codés par la machine, laissés de côté : … » → how many, and what they are.
    left_out = [(n, LEFT_OUT[why][n > 1].format(n=n).partition(",")[0]) for why, n in counts.items()]
    kept = _at_random(read, file) if estimates else read
    if chosen := len(read) - len(kept):
        what = plural(chosen, "passage choisi pour entraîner", "passages choisis pour entraîner")
        notices.append(f"{what}, sans tirage au hasard\u00a0: sans effet sur les parts")
        left_out.append((chosen, what))
    passages = _without_accounts(kept)
    given = {str(row["id"]): row.get("weight") for row in rows}
    weights = [given[passage.id] for passage in passages]
    weighted = any(weight is not None for weight in weights)
    if weighted and not all(_is_weight(weight) for weight in weights):
        raise TensionsError(
            f"les poids de {file.name} ne conviennent pas",
            why="si une ligne porte un «\u00a0weight\u00a0», toutes en portent un, nombre plus grand que zéro et d’au "
            f"plus {integer(MOST_WEIGHT)}",
            hint="weight\u00a0: l’inverse de la probabilité qu’avait le passage d’être tiré\u00a0; retirez-le partout "
            "si tous avaient la même",
        )
    return Gold(
        passages,
        tuple(float(weight or 1) for weight in weights),
        weighted and len(set(weights)) > 1,
        hashlib.sha256(file.read_bytes()).hexdigest(),
        tuple(notices),
        tuple(left_out),
        _count_rows(file),
    )


def _without_accounts(read: Sequence[CodedPassage]) -> tuple[CodedPassage, ...]:
    """Coders as `coding import` names them: what they decide goes into summaries and reports, not who they are."""
    known = {one.coder for one in read if SHORT.fullmatch(one.coder) or one.coder == "?"}
    names = numbered({one.coder for one in read} - known) | {name: name for name in known}
    return tuple(replace(one, coder=names[one.coder]) for one in read)


def _at_random(read: Sequence[CodedPassage], file: Path) -> list[CodedPassage]:
    """Those that nothing says were chosen: the machine errs more where it doubts, and shares would follow it."""
    kept = [one for one in read if one.drawn is None]
    if not kept:
        raise TensionsError(
            f"{file.name} ne peut pas corriger des parts",
            why="tous ses passages ont été choisis pour entraîner, aucun n’a été tiré au hasard",
            hint=MAKE_ONE,
        )
    return kept


def _count_rows(file: Path) -> int:
    return sum(bool(line.strip()) for line in file.read_text(encoding="utf-8-sig").split("\n"))


def _is_weight(value: object) -> bool:
    """A number that can be summed and squared as a float; false for NaN, which no comparison holds for."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 1 / MOST_WEIGHT <= value <= MOST_WEIGHT


def _raw_rows(file: Path, option: str) -> list[Mapping[str, Any]]:
    """The rows of persons that have an identifier; `read_coded` tells what is wrong with the others and the file."""
    if file.is_dir():
        raise TensionsError(
            f"{file.name} n’est pas un fichier de passages codés",
            why=f"c’est un dossier\u00a0: {option} prend un fichier",
            hint=MAKE_ONE,
        )
    if not file.exists():
        raise TensionsError(
            f"{file.name} ne se lit pas",
            why="le fichier n’existe pas",
            hint="donnez le chemin d’un fichier de passages codés (codes.jsonl)",
        )
    if not file.is_file():
        raise TensionsError(
            f"{file.name} n’est pas un fichier de passages codés",
            why="ce n’est pas un fichier mais un périphérique ou un tube, qui ne se lit qu’une fois",
            hint="enregistrez d’abord les passages codés dans un fichier",
        )
    if file.suffix.lower() in SHEETS:
        raise TensionsError(
            f"{file.name} n’est pas un fichier de passages codés",
            why="un classeur se relit d’abord",
            hint=f"tensions coding import {file.name} --coder A -o codes.jsonl, puis {option} codes.jsonl",
        )
    try:
        lines = file.read_text(encoding="utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        raise TensionsError(
            f"{file.name} ne se lit pas",
            why="il n’est pas en UTF-8",
            hint="donnez un fichier JSON Lines en UTF-8",
        ) from error
    except OSError as error:
        raise TensionsError(
            f"{file.name} ne se lit pas",
            why="il ne peut pas être ouvert",
            hint="vérifiez vos droits sur ce fichier",
        ) from error
    rows: list[Mapping[str, Any]] = []
    for number, line in enumerate(lines, 1):
        try:
            row = json.loads(line) if line.strip() else None
        except ValueError:
            continue
        except RecursionError as error:
            raise TensionsError(
                f"{file.name}, ligne {number}\u00a0: passage codé refusé",
                why="la ligne n’est pas un passage codé",
                hint="corrigez la ligne, puis relancez",
            ) from error
        if not isinstance(row, dict) or "id" not in row or row.get("decision") == "rejected":
            continue
        if row.get("coded_by") != "model" and not is_machine(str(row.get("coder"))):
            rows.append(row)
    return rows


def seen(tagged: TaggedPassage, by: Sequence[str]) -> Seen:
    """What correction needs of a counted passage."""
    passage, tags = tagged.passage, tagged.tags
    return Seen(
        Key(passage.id, passage.document, passage.fingerprint or fingerprint(passage.text)),
        Observed(
            key=tuple(field_value(tagged, name) for name in by),
            document=passage.document,
            machine=measures_of(tags.label, tags.logics, tags.relation),
        ),
    )


def correct_with_gold(passages: Sequence[Seen], gold: Gold, by: Sequence[str]) -> Corrections:
    """Match the gold to the counted passages, and correct. Raises TensionsError when nothing matches."""
    place = match([one.key for one in passages], [key_of(one) for one in gold.passages])
    if not place:
        raise TensionsError(
            "aucun passage du gold n’est dans ce corpus",
            why="--gold ne corrige que les parts du corpus où il a été tiré\u00a0: ailleurs, la machine se trompe "
            "autrement",
            hint=MAKE_ONE,
        )
    rows = [one.observed for one in passages]
    for rank, at in place.items():
        coded = gold.passages[rank]
        human = measures_of(coded.label, coded.logics, coded.relation)
        rows[at] = replace(rows[at], human=human, weight=gold.weights[rank])
    unmatched = len(gold.passages) - len(place)
    return Corrections(
        coders=tuple(sorted({gold.passages[rank].coder for rank in place})),
        matched=len(place),
        unmatched=unmatched,
        weighted=gold.weighted,
        groups=corrections(rows, by),
        notices=(*_account(gold, len(place)), *_notices(rows, weighted=gold.weighted)),
    )


def key_of(coded: CodedPassage) -> Key:
    """What a coded passage is matched by."""
    return Key(coded.id, coded.document, fingerprint(coded.text))


def _account(gold: Gold, matched: int) -> Iterable[str]:
    """Every row of the file: matched, left out and why, not in the corpus; nothing is said when all are matched."""
    unmatched = len(gold.passages) - matched
    left_out = max(gold.rows - len(gold.passages), 0)
    reasons = [what for _, what in gold.left_out]
    rejected = left_out - sum(n for n, _ in gold.left_out)
    if rejected > 0:
        reasons.append(plural(rejected, "passage rejeté", "passages rejetés"))
    parts = [plural(matched, "apparié")]
    if left_out:
        parts.append(f"{plural(left_out, 'écarté')} ({', '.join(reasons)})")
    if unmatched:
        parts.append(f"{integer(unmatched)} hors du corpus (texte changé depuis, tour de l’enquêteur, autre corpus)")
    if len(parts) > 1:
        total = plural(len(gold.passages) + left_out, "passage codé", "passages codés")
        yield f"--gold\u00a0: {total}\u00a0: {', '.join(parts)}."


def _notices(rows: Sequence[Observed], *, weighted: bool) -> Iterable[str]:
    coded = [row for row in rows if row.human is not None]
    if len(coded) >= MIN_GOLD and all(row.human == row.machine for row in coded):
        yield (
            f"--gold\u00a0: la personne et la machine sont d’accord sur les {len(coded)} passages. Un gold codé en "
            "voyant les propositions de la machine ne mesure pas ses erreurs."
        )
    strange = unlike_the_corpus(rows)
    if strange:
        yield (
            "--gold\u00a0: ce gold ne ressemble pas à un tirage au hasard. La machine n’y trouve pas les mêmes parts "
            f"que dans le corpus ({', '.join(strange)}). La correction par la prédiction (PPI) suppose ce tirage, ou "
            "des poids\u00a0; Rogan-Gladen, que l’on n’a pas choisi les passages d’après l’étiquette de la machine."
        )
    reached, expected = documents_reached(rows)
    if not weighted and reached < expected - MISSED:
        yield (
            f"--gold\u00a0: ce gold vient de {plural(reached, 'document')}, là où un tirage de passages au hasard en "
            f"toucherait environ {expected:.0f}. La correction ne vaut que si ces documents ont eux-mêmes été tirés "
            "au hasard."
        )
