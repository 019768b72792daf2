"""Two summaries: what they rest on and where that differs, then what moved beyond a tolerance.

Nothing is tagged nor counted again: everything is in the two files. A move is a difference of two numbers of one name
in one group; it is no test. Whether the old interval holds the new value is told beside it, for what it is worth: an
interval says what other documents might have given, not what another model might.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tensions_cli.output.rows import SUMMARY_SCHEMA
from tensions_cli.results import Cause, Drift, Figure, GroupChange, Move, TextChange
from tensions_cli.studies.summaries import Summary, SummaryDocument, SummaryGroup

TOLERANCE = 0.02  # two points of a share; half the width of a 95 % interval on a thousand independent passages is three
DECIMALS = 4  # of every share: a difference of two has no more
COMPARED = ("shares.", "shares_by_words.")
# Options that show more without moving a number.
SHOWN_ONLY = ("show_dropped", "sensitivity", "course")
KINDS = ("new", "gone", "changed", "renamed", "reread")

Key = tuple[tuple[str, str], ...]


def compare_summaries(old: Summary, new: Summary, tolerance: float = TOLERANCE) -> Drift:
    """What differs between two summaries. `tolerance`: in the unit of the measures (0.02: two points of a share)."""
    texts = tuple(_texts(old.documents, new.documents))
    before, after = _by_key(old), _by_key(new)
    both = [(before[key], after[key]) for key in before if key in after]
    shown = [(first, second) for first, second in both if not (first.masked or second.masked)]
    pairs = [move for first, second in shown for move in _moves(first, second)]
    settled = [move for move in pairs if move.change is not None]
    moves = sorted((move for move in settled if _size(move) > tolerance), key=lambda move: -_size(move))
    within = [move for move in settled if 0 < _size(move) <= tolerance]
    gone, fresh = _labels(shown)
    return Drift(
        tolerance=tolerance,
        sizes={name: (old.groups[0].count(name), new.groups[0].count(name)) for name in SIZES},
        same_texts=_same_texts(old.documents, new.documents),
        texts=texts,
        causes=tuple(_causes(old, new, texts)),
        moves=tuple(moves),
        groups_gone=tuple(_group_change(before[key]) for key in before if key not in after),
        groups_new=tuple(_group_change(after[key]) for key in after if key not in before),
        masked=tuple(first.by for first, second in both if first.masked or second.masked),
        unsettled=tuple(move for move in pairs if move.change is None),
        measures_gone=gone,
        measures_new=fresh,
        other_codebook=_differs(old, new, "codebook", "sha256"),
        compared=len(settled),
        identical=sum(_size(move) == 0 for move in settled),
        largest=max(within, key=_size, default=None),
        notices=tuple(_notices(old, new)),
    )


SIZES = ("documents", "passages", "words")


def _by_key(summary: Summary) -> dict[Key, SummaryGroup]:
    """Groups by what they are, in the order of the file; of two of one name (no file of ours has them), the first."""
    found: dict[Key, SummaryGroup] = {}
    for group in summary.groups:
        found.setdefault(tuple(sorted(group.by.items())), group)
    return found


def _group_change(group: SummaryGroup) -> GroupChange:
    return GroupChange(group.by, group.count("documents"), group.count("passages"))


# --- texts --------------------------------------------------------------------------------------------


def _texts(old: Sequence[SummaryDocument], new: Sequence[SummaryDocument]) -> Iterator[TextChange]:
    """Documents that are new, gone, changed, renamed or read otherwise; by kind, then in the order of the files."""
    before, after = ({one.id: one for one in documents} for documents in (old, new))
    lost: defaultdict[str, list[SummaryDocument]] = defaultdict(list)
    for one in before.values():
        if one.id not in after:
            lost[one.sha256].append(one)
    found: list[TextChange] = []
    for one in after.values():
        former = before.get(one.id)
        if former is not None:
            if former.sha256 != one.sha256:
                found.append(_text_change("changed", former, one))
            elif former.reading != one.reading or former.words != one.words:
                found.append(_text_change("reread", former, one))
        elif lost[one.sha256]:
            found.append(_text_change("renamed", lost[one.sha256].pop(0), one))
        else:
            found.append(_text_change("new", None, one))
    found += [_text_change("gone", one, None) for several in lost.values() for one in several]
    yield from sorted(found, key=lambda change: KINDS.index(change.kind))


def _text_change(kind: str, old: SummaryDocument | None, new: SummaryDocument | None) -> TextChange:
    named = new or old
    return TextChange(
        kind,
        document=named.id if named else "",
        words=(old.words if old else None, new.words if new else None),
        counted=(old.counted if old else None, new.counted if new else None),
        was=old.id if old and kind == "renamed" else None,
    )


def _same_texts(old: Sequence[SummaryDocument], new: Sequence[SummaryDocument]) -> int:
    """Documents of both whose text is the same, under one name or another."""
    before, after = (sorted(one.sha256 for one in documents) for documents in (old, new))
    count = at = 0
    for sha256 in before:
        while at < len(after) and after[at] < sha256:
            at += 1
        if at < len(after) and after[at] == sha256:
            count, at = count + 1, at + 1
    return count


# --- causes -------------------------------------------------------------------------------------------


def _causes(old: Summary, new: Summary, texts: Sequence[TextChange]) -> Iterator[Cause]:
    """Everything but the texts that differs, the likeliest to move numbers first."""
    yield from _of_files(old, new)
    if not texts and _asked(old, "by") == _asked(new, "by") and _regrouped(_by_key(old), _by_key(new)):
        yield Cause("metadata", "", None, None)
    for kind, path in (("model", "model"), ("codebook", "codebook"), ("lexicon", "lexicon")):
        if _differs(old, new, path, "sha256"):
            yield Cause(kind, "", *(_identity(kind, summary.manifest) for summary in (old, new)))
    yield from _of_options(old, new)
    first, second = (_short(_part(summary.manifest, "settings").get("sha256")) for summary in (old, new))
    if first != second:
        yield Cause("settings", "", first, second)
    for kind, value in (("language_model", _language_model), ("tool", _tool), ("python", _python)):
        was, now = value(old.manifest), value(new.manifest)
        if was != now and was is not None and now is not None:
            yield Cause(kind, "", was, now)
    yield from _of_libraries(old, new)


def _of_files(old: Summary, new: Summary) -> Iterator[Cause]:
    for name in sorted(old.unread.keys() | new.unread.keys()):
        first, second = old.unread.get(name), new.unread.get(name)
        if first != second:
            yield Cause("unread", name, first, second)


def _regrouped(old: Mapping[Key, SummaryGroup], new: Mapping[Key, SummaryGroup]) -> bool:
    """Other groups, or groups that rest on other numbers of documents or persons; masks aside."""
    return old.keys() != new.keys() or any(
        group.count(name) != new[key].count(name)
        for key, group in old.items()
        if not (group.masked or new[key].masked)
        for name in ("documents", "persons")
    )


def _of_options(old: Summary, new: Summary) -> Iterator[Cause]:
    first, second = (_part(summary.manifest, "options") for summary in (old, new))
    for name in dict.fromkeys((*first, *second)):
        if name not in SHOWN_ONLY and first.get(name) != second.get(name):
            yield Cause("option", name, _short(first.get(name)), _short(second.get(name)))


def _of_libraries(old: Summary, new: Summary) -> Iterator[Cause]:
    first, second = (_part(summary.manifest, "libraries") for summary in (old, new))
    if not first or not second:  # an older summary does not say them: that is told once, not by library
        return
    for name in sorted(first.keys() | second.keys(), key=str.casefold):
        if first.get(name) != second.get(name):
            yield Cause("library", name, _short(first.get(name)), _short(second.get(name)))


def _part(manifest: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = manifest.get(name)
    return found if isinstance(found, dict) else {}


def _asked(summary: Summary, option: str) -> Any:
    return _part(summary.manifest, "options").get(option)


def _differs(old: Summary, new: Summary, part: str, name: str) -> bool:
    first, second = (_part(summary.manifest, part).get(name) for summary in (old, new))
    return first is not None and second is not None and first != second


def _short(value: Any, deep: int = 3) -> str | None:
    """A value of a manifest on one line, fingerprints by their first digits; `deep`: levels of tables still told."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list) and not deep:
        return "…"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_short(one, deep - 1)}" for name, one in value.items())
    if isinstance(value, list):
        return ", ".join(_short(one, deep - 1) or "" for one in value)
    text = str(value)
    return text[:8] if len(text) == 64 and set(text) <= set("0123456789abcdef") else text


def _identity(kind: str, manifest: Mapping[str, Any]) -> str | None:
    part = _part(manifest, kind)
    fingerprint = _short(part.get("sha256")) or ""
    if kind == "model":
        return _short(part.get("identity")) or fingerprint
    if kind == "codebook":
        name = _short(part.get("name"))
        return f"{f'{name} ' if name else ''}v{_short(part.get('version')) or '?'} ({fingerprint})"
    return fingerprint


def _language_model(manifest: Mapping[str, Any]) -> str | None:
    return _short(manifest.get("language_model"))


def _tool(manifest: Mapping[str, Any]) -> str | None:
    return _short(_part(manifest, "tool").get("version"))


def _python(manifest: Mapping[str, Any]) -> str | None:
    return _short(manifest.get("python"))


# --- numbers ------------------------------------------------------------------------------------------


def _moves(old: SummaryGroup, new: SummaryGroup) -> Iterator[Move]:
    """The measures that one group has in both; those that neither can give are left out."""
    for measure in old.values:
        if measure not in new.values or not _is_compared(measure):
            continue
        first, second = figure(old, measure), figure(new, measure)
        if first.value is None and second.value is None:
            continue
        change, held = None, None
        if first.value is not None and second.value is not None:
            change = round(second.value - first.value, DECIMALS) + 0.0  # no −0,0
            if first.interval is not None:
                held = first.interval.low <= second.value <= first.interval.high
        yield Move(new.by, measure, first, second, change, held)


def figure(group: SummaryGroup, measure: str) -> Figure:
    """A measure of a group, with the passages (or the words) that it rests on and its interval."""
    base = "words" if measure.startswith("shares_by_words.") else "certain" if "certain." in measure else "passages"
    return Figure(group.values.get(measure), group.count(base), group.intervals.get(measure))


def _is_compared(measure: str) -> bool:
    return measure in ("tension_share", "balance") or measure.startswith(COMPARED)


def _size(move: Move) -> float:
    return round(abs(move.change or 0.0), DECIMALS)


def _labels(shown: Sequence[tuple[SummaryGroup, SummaryGroup]]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Labels whose share only the old, only the new summary has."""
    first, second = (
        dict.fromkeys(name for pair in shown for name in pair[side].values if name.startswith("shares."))
        for side in (0, 1)
    )
    return tuple(name for name in first if name not in second), tuple(name for name in second if name not in first)


# --- what else is to be said ----------------------------------------------------------------------------


def _notices(old: Summary, new: Summary) -> Iterator[str]:
    current = int(SUMMARY_SCHEMA.rpartition("/")[2])
    for which, summary in (("L’ancien résumé", old), ("Le nouveau résumé", new)):
        if summary.version != current:
            yield (
                f"{which} a la forme d’une autre version (schéma {summary.version}, pas {current})\u00a0: ce qui s’y "
                "trouve est lu, ce qui a changé de nom manque."
            )
    unsaid = [{said: part for said, part in SAID.items() if not summary.manifest.get(part)} for summary in (old, new)]
    for missing, which in (
        (unsaid[0].keys() & unsaid[1].keys(), "Les résumés ne disent pas"),
        (unsaid[0].keys() - unsaid[1].keys(), "L’ancien résumé ne dit pas"),
        (unsaid[1].keys() - unsaid[0].keys(), "Le nouveau résumé ne dit pas"),
    ):
        if missing:
            told = ", ".join(said for said in SAID if said in missing)
            yield f"{which} {told}\u00a0: de ce côté, aucune cause ne peut être trouvée."
    for which, summary in (("L’ancien résumé", old), ("Le nouveau résumé", new)):
        if not summary.documents:
            yield f"{which} ne nomme pas ses textes\u00a0: on ne peut pas dire lesquels ont changé."


# Parts of a manifest that came in the course of the versions, or that an editor may have taken out.
SAID = {
    "le modèle": "model",
    "la grille": "codebook",
    "les options": "options",
    "les versions de Python et des bibliothèques": "libraries",
}
