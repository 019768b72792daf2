"""A `tensions.toml` beside the sources sets the options that were not typed."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tensions_cli.errors import ModelError, TensionsError
from tensions_cli.knowledge.settings import FILE_NAME, Key, Settings, apply_settings, find_settings, is_path, keys


def set_from_file(command: Any, context: Any) -> None:
    """Fill the parameters of a command that reads sources, where the user typed nothing, and say so on stderr.

    `command`, `context`: those of the command line library. Raises TensionsError for a file that cannot be used,
    ModelError when another model is installed than the one the file asks for.
    """
    apply_settings(None, ())
    sources = [str(source) for source in context.params.get("sources") or ()]
    if not sources:
        return
    from tensions_cli.corpus.sources import folders_beside, remote_companions

    settings = find_settings(folders_beside(sources), remote_companions(sources, FILE_NAME))
    if settings is None:
        return
    parameters = {parameter.name: parameter for parameter in command.params}
    used = [
        name for name, key in keys().items() if name in settings.values and _set(settings, key, parameters, context)
    ]
    apply_settings(settings, used)
    if used and not context.params.get("quiet"):
        print(f"Réglages de {settings.file}\u00a0: {', '.join(used)}.", file=sys.stderr)


def _set(settings: Settings, key: Key, parameters: Mapping[str, Any], context: Any) -> bool:
    """Give one option its value; False when the command has no such option, or the user typed it."""
    parameter = parameters.get(key.parameter or "model")
    if parameter is None or context.get_parameter_source(parameter.name).name in ("COMMANDLINE", "ENVIRONMENT"):
        return False
    if key.kind == "digest":
        return _check_model(settings, key)
    if key.name == "by" and _without_groups(context):
        return False
    value = _typed(settings, key)
    several = parameter.multiple and not isinstance(value, list)
    context.params[parameter.name] = [value] if several else value
    return True


def _without_groups(context: Any) -> bool:
    """What groups results is no stratum of a draw, and two corpora are compared whole."""
    name = context.command.name
    return name == "sample" or (name == "compare" and len(context.params["sources"]) > 1)


def _typed(settings: Settings, key: Key) -> Any:
    """A value as the command line would have it: paths from the folder of the file, roles as pairs."""
    value = settings.values[key.name]
    if is_path(key.name, value):
        path = settings.folder / value
        return path if key.kind == "path" else str(path)
    if key.inverted:
        return not value
    if key.kind == "texts" and isinstance(value, str):
        return [value]
    return _roles(settings, value) if key.kind == "roles" else value


def _roles(settings: Settings, value: Mapping[str, str] | str) -> str:
    from tensions_cli.commands.common import parse_roles

    text = value if isinstance(value, str) else ",".join(f"{label}={role}" for label, role in value.items())
    try:
        parse_roles(text)
    except TensionsError as error:  # said of an option that was not typed
        what = error.what.removeprefix("--speakers\u00a0: ")
        hint = error.hint.removeprefix("--speakers avec ")
        raise TensionsError(f"{settings.file}, clé speakers\u00a0: {what}", why=error.why, hint=hint) from error
    return text


def _check_model(settings: Settings, key: Key) -> bool:
    """The model that the analysis will open is the one that the file asks for."""
    from tensions_cli.tagging.model_folder import DEFAULT, config_sha256, find_model

    wanted = settings.values[key.name].lower()
    name = _typed(settings, keys()["model"]) if "model" in settings.values else DEFAULT
    found = config_sha256(find_model(name))
    if found.startswith(wanted):
        return True
    shown = Path(name).name
    raise ModelError(
        f"{settings.file} demande un autre modèle que «\u00a0{shown}\u00a0» tel qu’il est installé",
        why=f"l’empreinte attendue commence par {wanted[:12]}, celle du modèle installé par {found[:12]}",
        hint=f'installez la version d’origine, ou, pour travailler avec celle-ci, mettez {key.name} = "{found[:12]}"',
    )
