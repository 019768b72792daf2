"""`tensions corpus`: look at texts, check them, convert them, pseudonymise them, withdraw some."""

from pathlib import Path
from typing import Annotated

import typer

from tensions_cli.cli.help import FrenchCommand, FrenchGroup
from tensions_cli.cli.options import (
    AnyLanguage,
    Jobs,
    KeepInterviewer,
    KeepTwins,
    Output,
    Quiet,
    Repair,
    Sources,
    Speakers,
    Strict,
    TextColumn,
    Unit,
)

corpus_app = typer.Typer(
    cls=FrenchGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Textes\u00a0: inventorier, vérifier, convertir, pseudonymiser, retirer.",
)

Folder = Annotated[Path, typer.Option("--output", "-o", metavar="DOSSIER", help="Dossier nouveau à écrire.")]


@corpus_app.command(
    "info",
    cls=FrenchCommand,
    epilog="Exemples\u00a0: tensions corpus info corpus/ · tensions corpus info entretiens/ -f json -o inventaire.json",
)
def corpus_info(
    sources: Sources,
    form: Annotated[str, typer.Option("--format", "-f", metavar="table|json", help="Forme du résultat.")] = "table",
    output: Output = None,
    speakers: Speakers = None,
    keep_interviewer: KeepInterviewer = False,
    any_language: AnyLanguage = False,
    unit: Unit = "passage",
    text_column: TextColumn = None,
    keep_twins: KeepTwins = False,
    repair: Repair = False,
    jobs: Jobs = 0,
    show_dropped: Annotated[
        bool, typer.Option("--show-dropped", help="Montrer ce qui a été laissé hors du texte.", show_default=False)
    ] = False,
    quiet: Quiet = False,
    strict: Strict = False,
) -> None:
    """Ce qui serait lu : formats, mots, langues, locuteurs et rôles devinés, part laissée hors du texte."""
    from tensions_cli.commands import corpus_info as command
    from tensions_cli.commands.common import build_options, choice

    choice("--format", form, command.FORMATS)
    options = build_options(
        by=(),
        speakers=speakers,
        keep_interviewer=keep_interviewer,
        any_language=any_language,
        unit=unit,
        text_column=text_column,
        keep_twins=keep_twins,
        repair=repair,
        jobs=jobs,
        show_dropped=show_dropped,
    )
    raise typer.Exit(command.run(sources, options, form, output, quiet=quiet, strict=strict))


@corpus_app.command(
    "check",
    cls=FrenchCommand,
    epilog="Exemples\u00a0: tensions corpus check corpus/ · tensions corpus check corpus/ --fix corpus_corrige/",
)
def corpus_check(
    sources: Sources,
    form: Annotated[str, typer.Option("--format", "-f", metavar="table|json", help="Forme du résultat.")] = "table",
    output: Output = None,
    fix: Annotated[
        Path | None,
        typer.Option(
            "--fix", metavar="DOSSIER", help="Écrire une copie corrigée dans un dossier nouveau.", show_default=False
        ),
    ] = None,
    speakers: Speakers = None,
    unit: Unit = "passage",
    text_column: TextColumn = None,
    quiet: Quiet = False,
) -> None:
    """Relire un corpus avant de s’en servir : encodages, IRaMuTeQ, TXM, doubles, étiquettes, noms restés."""
    from tensions_cli.commands import corpus_check as command
    from tensions_cli.commands.common import build_options, choice

    choice("--format", form, command.FORMATS)
    options = build_options(by=(), speakers=speakers, unit=unit, text_column=text_column)
    raise typer.Exit(command.run(sources, options, form, output, fix=fix, quiet=quiet))


@corpus_app.command(
    "convert",
    cls=FrenchCommand,
    epilog=(
        "Exemples\u00a0: tensions corpus convert entretiens/ -f txt -o textes/ · "
        "tensions corpus convert corpus/ -f iramuteq -o corpus_iramuteq.txt"
    ),
)
def corpus_convert(
    sources: Sources,
    form: Annotated[
        str,
        typer.Option("--format", "-f", metavar="txt|jsonl|iramuteq|txm|tei", help="Forme du corpus à écrire."),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="CHEMIN", help="Fichier (jsonl, iramuteq) ou dossier nouveau (txt, txm, tei)."
        ),
    ],
    per: Annotated[
        str, typer.Option("--per", metavar="document|turn", help="Un texte IRaMuTeQ par document ou par tour.")
    ] = "document",
    speakers: Speakers = None,
    keep_interviewer: KeepInterviewer = False,
    any_language: AnyLanguage = False,
    text_column: TextColumn = None,
    keep_twins: KeepTwins = False,
    repair: Repair = False,
    jobs: Jobs = 0,
    quiet: Quiet = False,
    strict: Strict = False,
) -> None:
    """Écrire le corpus nettoyé pour un autre outil : textes simples, jsonl, IRaMuTeQ, TXM, TEI."""
    from tensions_cli.commands import corpus_convert as command
    from tensions_cli.commands.common import build_options, choice

    choice("--format", form, command.FORMATS)
    choice("--per", per, ("document", "turn"))
    options = build_options(
        by=(),
        speakers=speakers,
        keep_interviewer=keep_interviewer,
        any_language=any_language,
        unit="passage",
        text_column=text_column,
        keep_twins=keep_twins,
        repair=repair,
        jobs=jobs,
    )
    raise typer.Exit(command.run(sources, options, form, output, per=per, quiet=quiet, strict=strict))


@corpus_app.command(
    "pseudonymise",
    cls=FrenchCommand,
    epilog=(
        "Exemples\u00a0: tensions corpus pseudonymise entretiens/ -o a_relire/ · "
        "tensions corpus pseudonymise entretiens/ -o a_relire/ --table noms.csv --write-table noms-2.csv"
    ),
)
def corpus_pseudonymise(
    sources: Sources,
    output: Folder,
    table: Annotated[
        Path | None,
        typer.Option(
            "--table", metavar="FICHIER", help="Table nom;code à appliquer\u00a0; jamais recopiée.", show_default=False
        ),
    ] = None,
    write_table: Annotated[
        Path | None,
        typer.Option(
            "--write-table",
            metavar="FICHIER",
            help="Écrire la correspondance, hors du dossier\u00a0; sinon elle ne l’est nulle part.",
            show_default=False,
        ),
    ] = None,
    speakers: Speakers = None,
    any_language: AnyLanguage = False,
    unit: Unit = "passage",
    text_column: TextColumn = None,
    keep_twins: KeepTwins = False,
    repair: Repair = False,
    jobs: Jobs = 0,
    quiet: Quiet = False,
    strict: Strict = False,
) -> None:
    """Remplacer noms, lieux, organismes, téléphones et adresses par des codes : une pseudonymisation à relire."""
    from tensions_cli.commands import corpus_pseudonymise as command
    from tensions_cli.commands.common import build_options

    options = build_options(
        by=(),
        speakers=speakers,
        any_language=any_language,
        unit=unit,
        text_column=text_column,
        keep_twins=keep_twins,
        repair=repair,
        jobs=jobs,
    )
    raise typer.Exit(command.run(sources, options, output, table, write_table, quiet=quiet, strict=strict))


@corpus_app.command(
    "withdraw",
    cls=FrenchCommand,
    epilog=(
        "Exemples\u00a0: tensions corpus withdraw E07 --from corpus/ (montre ce qui serait fait) · "
        "tensions corpus withdraw E07 --from corpus/ --codes codes.jsonl --yes -o recu.md"
    ),
)
def corpus_withdraw(
    name: Annotated[
        str,
        typer.Argument(metavar="ID", help="Un document, document:locuteur, ou une personne de speakers.csv."),
    ],
    sources: Annotated[
        list[str], typer.Option("--from", metavar="SOURCES", help="Le corpus dont elle se retire (répétable).")
    ],
    codes: Annotated[
        list[Path] | None,
        typer.Option("--codes", metavar="FICHIER", help="Codes humains à purger (répétable).", show_default=False),
    ] = None,
    outputs: Annotated[
        list[Path] | None,
        typer.Option(
            "--outputs", metavar="DOSSIER", help="Résultats à purger ou à refaire (répétable).", show_default=False
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Faire le retrait\u00a0; sans elle, rien n’est touché.", show_default=False)
    ] = False,
    output: Output = None,
    quiet: Quiet = False,
) -> None:
    """Retirer une personne ou un texte du corpus, de ses codes et de ses résultats, avec un reçu."""
    from tensions_cli.commands import corpus_withdraw as command

    raise typer.Exit(command.run(name, sources, codes or [], outputs or [], output, yes=yes, quiet=quiet))
