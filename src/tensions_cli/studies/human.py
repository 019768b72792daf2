"""The codes of `--codes`: what people decided of passages, which wins over the model."""

from pathlib import Path

from tensions_cli.fingerprint import fingerprint
from tensions_cli.records import HumanCode, HumanCodes, Relation
from tensions_cli.studies.gold import read_gold
from tensions_cli.training.coded import CodedPassage


def read_human_codes(file: Path) -> HumanCodes:
    """The codes of a file, one a passage; those of a machine are left out and said.

    Raises TensionsError for a file that cannot be read, or that gives two codes to one passage.
    """
    gold = read_gold(file, "--codes", estimates=False)
    stance, axes = any(one.stance for one in gold.passages), any(one.axes for one in gold.passages)
    missing = [name for name, coded in (("la posture", stance), ("les axes", axes)) if not coded]
    notices = [f"--codes\u00a0: {notice}." for notice in gold.notices]
    if missing:
        notices.append(
            f"--codes\u00a0: ce fichier ne code pas {' ni '.join(missing)}\u00a0; ceux du modèle restent, pour les "
            "logiques que la personne a retenues."
        )
    codes = tuple(_code(one, stance=stance, axes=axes) for one in gold.passages)
    return HumanCodes(file, codes, gold.sha256, tuple(notices))


def _code(one: CodedPassage, *, stance: bool, axes: bool) -> HumanCode:
    return HumanCode(
        id=one.id,
        document=one.document,
        fingerprint=fingerprint(one.text),
        coder=one.coder,
        logics=one.logics,
        relations={pair: Relation(name) for pair, name in one.relations.items()},
        stance=one.stance if stance else None,
        axes=one.axes if axes else None,
    )
