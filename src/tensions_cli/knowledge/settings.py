"""`tensions.toml` beside a corpus: the options of its analyses, set once. What it may hold is in `settings.toml`."""

import difflib
import hashlib
import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tensions_cli.errors import TensionsError
from tensions_cli.knowledge.codebook_check import LONG_KEY, place, typed_quotes
from tensions_cli.knowledge.files import read_toml

FILE_NAME = "tensions.toml"
MAX_BYTES = 64 * 1024  # sixteen keys and the labels of a hundred interviews hold in a tenth of it
_EXAMPLE = 'une clé par ligne, comme\u00a0: by = ["role"]'
_DIGEST = re.compile(r"[0-9a-f]{8,64}")


@dataclass(frozen=True, slots=True)
class Key:
    """One key that the file may set. `parameter`: the option it stands for, None for none of its own."""

    name: str
    kind: str
    title: str
    parameter: str | None = None
    least: int = 0
    choices: tuple[str, ...] = ()
    inverted: bool = False
    machine: bool = False
    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """One `tensions.toml`, checked: its folder, its values by key."""

    folder: Path
    values: Mapping[str, Any]

    @property
    def file(self) -> str:
        """`corpus/tensions.toml`: never more of the path, which may tell a name."""
        return f"{self.folder.resolve().name}/{FILE_NAME}".removeprefix("/")

    @property
    def sha256(self) -> str:
        """Hash of the values that can change a result, whatever their order and the comments beside them."""
        told = {name: value for name, value in self.values.items() if not keys()[name].machine}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


@cache
def keys() -> Mapping[str, Key]:
    """Every key, in the order of the documentation."""
    return {name: _key(name, entry) for name, entry in read_toml("settings.toml")["keys"].items()}


def _key(name: str, entry: Mapping[str, Any]) -> Key:
    return Key(
        name=name,
        kind=entry["kind"],
        title=entry["title"],
        parameter=entry.get("parameter"),
        least=entry.get("least", 0),
        choices=tuple(entry.get("choices", ())),
        inverted=entry.get("inverted", False),
        machine=entry.get("machine", False),
        near=tuple(entry.get("near", ())),
    )


_applied: ContextVar[Mapping[str, Any] | None] = ContextVar("settings", default=None)


def settings_applied() -> Mapping[str, Any] | None:
    """What the manifest says of the file: `sha256` and the `keys` that took effect; None without one."""
    return _applied.get()


def apply_settings(settings: Settings | None, used: Sequence[str]) -> None:
    """Remember for the rest of the run which keys of the file took effect on the result."""
    told = [name for name in used if not keys()[name].machine]
    _applied.set({"sha256": settings.sha256, "keys": told} if settings is not None and told else None)


def find_settings(folders: Sequence[Path], contents: Mapping[Path, bytes] | None = None) -> Settings | None:
    """The settings that lie in these folders; None without any. `contents`: of the files that are on other machines.

    Raises TensionsError for a file that cannot be used, and for two that do not say the same.
    """
    found = [load_settings(folder / FILE_NAME) for folder in folders if (folder / FILE_NAME).is_file()]
    found += [load_settings(file, content) for file, content in (contents or {}).items()]
    for other in found[1:]:
        if _resolved(other) != _resolved(found[0]):
            names = sorted({name for name in keys() if _resolved(other).get(name) != _resolved(found[0]).get(name)})
            raise TensionsError(
                f"{found[0].file} et {other.file} ne disent pas la même chose",
                why=f"une commande n’a qu’un jeu de réglages, et ces clés y diffèrent\u00a0: {', '.join(names)}",
                hint="mettez les mêmes réglages dans les deux fichiers, ou un seul des deux",
            )
    return found[0] if found else None


def _resolved(settings: Settings) -> dict[str, Any]:
    """Values with their paths as the disk knows them: `../codes.jsonl` of two folders may be two files."""
    return {
        name: str((settings.folder / value).resolve()) if is_path(name, value) else value
        for name, value in settings.values.items()
    }


def is_path(name: str, value: Any) -> bool:
    """The value leads to a file or folder, from the folder of the settings; a model without `/` is a name."""
    kind = keys()[name].kind
    return kind == "path" or (kind == "model" and "/" in value)


def load_settings(file: Path, content: bytes | None = None) -> Settings:
    """Read and check one `tensions.toml`. Raises TensionsError with the first thing to correct, never with its text.

    `content`: its bytes, where it is on another machine.
    """
    named = Settings(file.parent, {}).file
    try:
        if content is None:
            with file.open("rb") as stream:
                content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise _refused(named, "le fichier ne peut pas être ouvert", "vérifiez vos droits sur ce fichier") from error
    data = _parsed(named, content)
    return Settings(file.parent, {name: _checked(named, name, value) for name, value in data.items()})


def _parsed(named: str, content: bytes) -> dict[str, Any]:
    if len(content) > MAX_BYTES:
        raise _refused(named, f"il dépasse {MAX_BYTES // 1024} ko", "gardez-y les seuls réglages")
    if LONG_KEY.search(content):
        raise _refused(named, "une clé y est faite de trop de noms", _EXAMPLE)
    try:
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise _refused(named, "il n’est pas en UTF-8", "enregistrez-le en UTF-8, puis relancez") from error
    except RecursionError as error:
        raise _refused(named, "ses listes sont imbriquées au-delà du raisonnable", _EXAMPLE) from error
    except tomllib.TOMLDecodeError as error:
        why = f"ce n’est pas du TOML\u00a0: {place(error)}{typed_quotes(content, error)}"
        hint = f'{_EXAMPLE}\u00a0; une étiquette s’écrit entre guillemets droits\u00a0: "Mme C." = "enquêté"'
        raise _refused(named, why, hint) from error
    except ValueError as error:  # a number of thousands of figures
        raise _refused(named, "un nombre y est trop grand", "corrigez ce nombre") from error


def _refused(named: str, why: str, hint: str) -> TensionsError:
    return TensionsError(f"{named} n’est pas utilisable", why=why, hint=hint)


def _checked(named: str, name: str, value: Any) -> Any:
    """The value of a key, in the form that the option takes. Raises TensionsError for another type or value."""
    key = keys().get(name)
    if key is None:
        raise _unknown(named, name)
    fits = _FITS[key.kind](value, key)
    if not fits:
        kind, example = read_toml("settings.toml")["kinds"][key.kind]
        if key.choices:
            kind, example = f"l’un de {', '.join(key.choices)}", f'"{key.choices[-1]}"'
        least = f", {key.least} ou plus" if key.kind == "number" else ""
        raise TensionsError(
            f"{named}\u00a0: la valeur de «\u00a0{name}\u00a0» ne convient pas",
            why=f"cette clé ({key.title}) attend {kind}{least}",
            hint=f"{name} = {example}",
        )
    return value


def _unknown(named: str, name: str) -> TensionsError:
    folded = name.casefold().replace("-", "_").lstrip("_")
    near = [key.name for key in keys().values() if folded in (key.name, *key.near)]
    near = near or difflib.get_close_matches(folded, keys(), 1)
    shown = name if len(name) <= 40 else f"{name[:40]}…"
    return TensionsError(
        f"{named}\u00a0: la clé «\u00a0{shown}\u00a0» est inconnue",
        why=f"la clé la plus proche est {near[0]}" if near else "aucun réglage ne porte ce nom",
        hint=f"gardez les clés parmi\u00a0: {', '.join(keys())}",
    )


def _is_text(value: Any, key: Key) -> bool:
    return isinstance(value, str) and bool(value.strip()) and (not key.choices or value in key.choices)


def _is_roles(value: Any, key: Key) -> bool:
    """Labels are joined by `,` and `=` on the command line: one that holds them cannot be set here either."""
    if not isinstance(value, dict):
        return _is_text(value, key)
    labels = all(label.strip() and not set(label) & set(",=") for label in value)
    return bool(value) and labels and all(_is_text(role, key) for role in value.values())


_FITS: Mapping[str, Any] = {
    "text": _is_text,
    "path": _is_text,
    "model": _is_text,
    "texts": lambda value, key: (
        _is_text(value, key) or (isinstance(value, list) and bool(value) and all(_is_text(one, key) for one in value))
    ),
    "flag": lambda value, _key: isinstance(value, bool),
    "number": lambda value, key: isinstance(value, int) and not isinstance(value, bool) and value >= key.least,
    "digest": lambda value, key: _is_text(value, key) and _DIGEST.fullmatch(value.lower()) is not None,
    "roles": _is_roles,
}
