"""What is wrong in a codebook and its lexicon, in French sentences: all of it, in the order of the files."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tensions_cli.knowledge.lexicon import KINDS, Cue, read_lexicon
from tensions_cli.records import MIXTE, NEUTRE, Relation

# Names travel as values of columns, options and file formats: one plain word, joined by `_` or `-`.
NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
LETTER = re.compile(r"[A-Z]")
FEWEST, MOST = 2, 6  # logics; beyond six, pairs are fifteen and no corpus teaches them
# Each stands beside names of logics somewhere: labels, grouping fields, an axis, a point of a course.
RESERVED = frozenset(
    {MIXTE, NEUTRE, "tension", "document", "speaker", "person", "role", "name", "title", "position", "passage"}
)
STRENGTHS = (1, 2, 3)
# `a.a.a…` of a hundred thousand names takes the reader of TOML minutes and gigabytes; a codebook has two.
LONG_KEY = re.compile(rb"\w(?:\.\w{1,40}){30}")


def problems_of(content: bytes, lexicon: bytes) -> list[str]:
    """Every problem of the two files; empty when they can be used."""
    if LONG_KEY.search(content):
        return ["ce n’est pas une grille\u00a0: une clé y est faite de trop de noms"]
    try:
        data = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return ["le fichier n’est pas en UTF-8"]
    except RecursionError:
        return ["ce n’est pas une grille\u00a0: ses listes sont imbriquées au-delà du raisonnable"]
    except tomllib.TOMLDecodeError as error:
        return [f"ce n’est pas du TOML\u00a0: {place(error)}{typed_quotes(content, error)}"]
    except ValueError:  # a number of thousands of figures
        return ["ce n’est pas une grille\u00a0: un nombre y est trop grand"]
    try:
        found = [*_of_book(data)]
    except (TypeError, AttributeError, KeyError, ValueError):
        return ["la structure n’est pas celle d’une grille\u00a0: comparez avec tensions codebook new"]
    return found or [*_of_lexicon(lexicon, data)]


def place(error: tomllib.TOMLDecodeError) -> str:
    """Line and column, without the text of the file."""
    where = re.search(r"line (\d+), column (\d+)", str(error))
    return f"ligne {where[1]}, colonne {where[2]}" if where else "la fin du fichier manque"


def typed_quotes(content: bytes, error: tomllib.TOMLDecodeError) -> str:
    """A word processor puts ‘ ’ and “ ” where TOML wants straight quotes: the commonest mistake."""
    where = re.search(r"line (\d+)", str(error))
    lines = content.decode("utf-8-sig").splitlines()
    line = lines[int(where[1]) - 1] if where and int(where[1]) <= len(lines) else ""
    if re.search(r"=\s*[‘’“”«]", line):
        return "\u00a0; des guillemets typographiques (‘ ’ “ ” «) y ouvrent un texte\u00a0: tapez une apostrophe droite"
    return "\u00a0; regardez aussi la ligne d’avant (une virgule, une apostrophe ou un crochet y manque peut-être)"


def _of_book(data: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(data.get("name"), str) or not data["name"].strip():
        yield "name manque\u00a0: le nom de la grille"
    if not isinstance(data.get("version"), int) or data["version"] < 1:
        yield "version manque\u00a0: un nombre entier, à augmenter à chaque changement de règle"
    yield from _of_words(data)
    yield from _of_logics(data.get("logics") or [], data.get("stances") or {})
    if set(data.get("relations") or ()) != {relation.value for relation in Relation}:
        yield f"[relations] doit définir exactement {', '.join(Relation)}\u00a0: une tension est une opposition"
    if not data.get("stances"):
        yield "[stances] manque\u00a0: au moins une posture, par exemple soutenue, contestee, decrite"
    yield from (f"la posture «\u00a0{name}\u00a0» {_NAMING}" for name in data.get("stances") or {} if not _named(name))
    yield from _of_axes(data.get("axes") or [], [logic.get("name") for logic in data.get("logics") or []])
    yield from _of_rules(data.get("rules") or [])
    yield from _of_labels(data)


def _of_words(data: Mapping[str, Any]) -> Iterator[str]:
    """What people read is words: a number or a list would stop a table or a spreadsheet half-way."""
    yield from (f"{key} doit être du texte" for key in ("title", "unit") if not isinstance(data.get(key, ""), str))
    for table in ("relations", "stances"):
        for name, meaning in dict(data.get(table) or {}).items():
            if not isinstance(meaning, str):
                yield f"[{table}]\u00a0: {name} doit être suivi d’une phrase entre guillemets"
    for kind, what in (("logics", "la logique"), ("axes", "l’axe")):
        for rank, one in enumerate(data.get(kind) or [], 1):
            for key in ("title", "said"):
                if not isinstance(one.get(key, ""), str):
                    yield f"{what} n°\u00a0{rank}\u00a0: {key} doit être du texte"


_NAMING = "doit s’écrire en minuscules, sans accent ni espace"


def _named(name: object) -> bool:
    return isinstance(name, str) and NAME.fullmatch(name) is not None


def _of_logics(logics: Sequence[Mapping[str, Any]], stances: Mapping[str, Any]) -> Iterator[str]:
    if not FEWEST <= len(logics) <= MOST:
        yield f"il faut de {FEWEST} à {MOST} [[logics]], cette grille en a {len(logics)}"
    for rank, logic in enumerate(logics, 1):
        name, letter = logic.get("name"), logic.get("letter")
        who = f"la logique n°\u00a0{rank}"
        if not _named(name):
            yield f"{who}\u00a0: name {_NAMING}"
        elif name in RESERVED:
            yield f"{who} ne peut pas s’appeler «\u00a0{name}\u00a0»\u00a0: ce nom sert déjà"
        if not isinstance(letter, str) or not LETTER.fullmatch(letter):
            yield f"{who}\u00a0: letter doit être une lettre majuscule, sans accent"
        if unknown := sorted(set(logic.get("stances") or ()) - set(stances)):
            yield f"{who}\u00a0: postures absentes de [stances]\u00a0: {', '.join(map(str, unknown))}"
        cases = logic.get("cases", [])
        of_words = isinstance(cases, list) and all(isinstance(case, str) for case in cases)
        if not isinstance(logic.get("question", ""), str) or not of_words:
            yield f"{who}\u00a0: question est une phrase, cases une liste de phrases"
    for key in ("name", "letter"):
        yield from _repeated([logic.get(key) for logic in logics], f"deux logiques ont le même {key}")


def _of_axes(axes: Sequence[Mapping[str, Any]], logics: Sequence[Any]) -> Iterator[str]:
    for rank, axis in enumerate(axes, 1):
        if not _named(axis.get("name")):
            yield f"l’axe n°\u00a0{rank}\u00a0: name {_NAMING}"
        for logic in logics:
            if not isinstance(axis.get(logic), str) or not axis[logic].strip():
                yield f"l’axe n°\u00a0{rank} ne dit pas ce qu’il est pour la logique «\u00a0{logic}\u00a0»"
    yield from _repeated([axis.get("name") for axis in axes], "deux axes ont le même nom")


def _of_rules(rules: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for rank, rule in enumerate(rules, 1):
        if not isinstance(rule.get("number"), int) or not all(isinstance(rule.get(k), str) for k in ("title", "text")):
            yield f"la règle n°\u00a0{rank} doit avoir number (un entier), title et text"
    yield from _repeated([rule.get("number") for rule in rules], "deux règles ont le même numéro")


def _of_labels(data: Mapping[str, Any]) -> Iterator[str]:
    """`[labels]` may be left out: it says again what the logics say. Where it is there, it must agree."""
    if "labels" not in data:
        return
    expected = {*(logic.get("name") for logic in data.get("logics") or []), MIXTE, NEUTRE}
    if set(data["labels"]) != expected:
        yield f"[labels] doit nommer {', '.join(sorted(map(str, expected)))}, ou être retiré"


def _repeated(values: Sequence[Any], what: str) -> Iterator[str]:
    for value, times in Counter(value for value in values if value is not None).items():
        if times > 1:
            yield f"{what}\u00a0: {value}"


def _of_lexicon(lexicon: bytes, data: Mapping[str, Any]) -> Iterator[str]:
    try:
        cues = read_lexicon(lexicon)
    except UnicodeDecodeError:
        yield "lexicon.csv n’est pas en UTF-8"
        return
    except ValueError:
        yield "lexicon.csv\u00a0: il faut les colonnes kind;name;pole;expression;strength;source"
        return
    logics = {logic["name"] for logic in data["logics"]}
    axes = {axis["name"] for axis in data.get("axes") or []}
    for rank, cue in enumerate(cues, 1):
        for problem in _of_cue(cue, logics, axes, set(data["relations"])):
            yield f"lexicon.csv, entrée {rank}\u00a0: {problem}"
    ranks: dict[tuple[str, str, str, str], int] = {}
    for rank, cue in enumerate(cues, 1):
        first = ranks.setdefault((cue.kind, cue.name, cue.pole, cue.expression), rank)
        if first != rank:
            yield f"lexicon.csv, entrée {rank}\u00a0: déjà donnée à l’entrée {first}"


def _of_cue(cue: Cue, logics: set[str], axes: set[str], relations: set[str]) -> Iterator[str]:
    if cue.kind not in KINDS:
        yield f"kind doit être {', '.join(KINDS)}"
    if not cue.expression.strip():
        yield "expression vide"
    if cue.strength not in STRENGTHS:
        yield "la force est 1, 2 ou 3"
    if cue.kind in ("axis", "general") and cue.pole not in logics:
        yield "pole doit être une logique de la grille"
    if cue.kind == "axis" and cue.name not in axes:
        yield "name doit être un axe de la grille"
    if cue.kind == "relation" and cue.name not in relations:
        yield "name doit être une relation de la grille"
