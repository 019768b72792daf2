"""`tensions coding`: codes made by people, in and out."""

from pathlib import Path
from typing import Annotated

import typer

from tensions_cli.cli.help import FrenchCommand, FrenchGroup
from tensions_cli.cli.options import (
    AnyLanguage,
    Cluster,
    Codebook,
    Jobs,
    KeepInterviewer,
    KeepTwins,
    ModelName,
    NoCache,
    Output,
    Quiet,
    Repair,
    Sources,
    Speakers,
    Strict,
    TextColumn,
    Unit,
)

coding_app = typer.Typer(
    cls=FrenchGroup,
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Codes humains\u00a0: tirer, coder, relire, mesurer l’accord.",
)


@coding_app.command(
    "sample",
    cls=FrenchCommand,
    epilog=(
        "Exemples\u00a0: tensions coding sample corpus/ -n 200 -o a_coder.xlsx · "
        "tensions coding sample corpus/ -n 300 --by genre --coders A,B --overlap 0.4 -o a_coder.xlsx · "
        "tensions coding sample corpus/ -n 100 --strategy uncertain --without codes.jsonl -o encore.jsonl"
    ),
)
def coding_sample(
    sources: Sources,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="FICHIER", help="Feuille à coder (a_coder.xlsx)\u00a0; le tirage s’écrit à côté."
        ),
    ],
    count: Annotated[
        int, typer.Option("--number", "-n", metavar="N", help="Passages à tirer\u00a0; la feuille suit le corpus.")
    ] = 200,
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by",
            "-b",
            metavar="CHAMP",
            help="Tirer dans chaque strate (genre, document, une métadonnée), en proportion\u00a0; répétable.",
            show_default=False,
        ),
    ] = None,
    strategy: Annotated[
        str,
        typer.Option(
            "--strategy",
            metavar="random|uncertain|diverse|mixed",
            show_default=False,
            help="random (défaut)\u00a0: au hasard, pour estimer et évaluer. Pour entraîner seulement\u00a0: "
            "uncertain (là où le modèle hésite), diverse (passages variés), mixed (moitié, moitié).",
        ),
    ] = "random",
    coders: Annotated[
        str | None,
        typer.Option(
            "--coders", metavar="A,B", help="Un fichier par codeur\u00a0: a_coder.A.xlsx…", show_default=False
        ),
    ] = None,
    overlap: Annotated[
        float,
        typer.Option(
            "--overlap",
            metavar="PART",
            help="Part tirée au hasard et codée par tous les codeurs (défaut\u00a0: 0.25).",
            show_default=False,
        ),
    ] = 0.25,
    show_proposal: Annotated[
        bool,
        typer.Option(
            "--show-proposal",
            help="Montrer ce que propose la machine\u00a0: plus rapide, mais l’accord avec elle en sort embelli.",
            show_default=False,
        ),
    ] = False,
    seed: Annotated[
        int, typer.Option("--seed", metavar="N", help="Graine du hasard\u00a0: la même redonne le même tirage.")
    ] = 0,
    without: Annotated[
        list[Path] | None,
        typer.Option(
            "--without",
            metavar="FICHIER",
            help="Passages à laisser de côté\u00a0: codes, feuille à coder ou .tirage.json\u00a0; répétable.",
            show_default=False,
        ),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            metavar="FORME",
            help="xlsx, csv, jsonl, doccano, label-studio, prodigy (défaut\u00a0: d’après l’extension).",
            show_default=False,
        ),
    ] = None,
    codebook: Codebook = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Remplacer des feuilles déjà codées, ou un autre tirage.", show_default=False),
    ] = False,
    model: ModelName = "standard",
    speakers: Speakers = None,
    keep_interviewer: KeepInterviewer = False,
    any_language: AnyLanguage = False,
    unit: Unit = "passage",
    text_column: TextColumn = None,
    keep_twins: KeepTwins = False,
    repair: Repair = False,
    jobs: Jobs = 0,
    cluster: Cluster = None,
    no_cache: NoCache = False,
    quiet: Quiet = False,
    strict: Strict = False,
) -> None:
    """Tirer des passages à coder : une feuille par codeur, et le tirage qui donne leurs poids."""
    from tensions_cli.commands import coding_sample as command
    from tensions_cli.commands.common import build_options, choice
    from tensions_cli.knowledge.codebook import load_codebook
    from tensions_cli.knowledge.sample_design import DRAWN
    from tensions_cli.studies.sample import SampleRequest

    choice("--strategy", strategy, DRAWN)
    command.check_numbers(count, overlap, seed)
    if form is not None:
        choice("--format", form, command.FORMATS)
    options = build_options(
        by=tuple(dict.fromkeys(by or ())),
        model=model,
        unit=unit,
        text_column=text_column,
        keep_twins=keep_twins,
        repair=repair,
        jobs=jobs,
        cluster=cluster,
        cache=not no_cache,
        speakers=speakers,
        keep_interviewer=keep_interviewer,
        any_language=any_language,
    )
    request = SampleRequest(
        count=count,
        strategy=strategy,
        coders=command.coder_names(coders),
        overlap=overlap,
        show_proposal=show_proposal,
        seed=seed,
        without=tuple(without or ()),
        book=load_codebook(codebook) if codebook else None,
    )
    known = command.format_of(output, form)
    raise typer.Exit(command.run(sources, options, request, known, output, force=force, quiet=quiet, strict=strict))


@coding_app.command(
    "annotate",
    cls=FrenchCommand,
    epilog=(
        "Exemples\u00a0: tensions coding annotate a_coder.jsonl · "
        "tensions coding annotate a_coder.jsonl --coder A -o codes_A.jsonl · "
        "tensions coding annotate a_coder.codes.jsonl (relire)"
    ),
)
def coding_annotate(
    file: Annotated[
        Path, typer.Argument(metavar="FICHIER", help="Passages à coder (tensions coding sample), ou déjà codés.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FICHIER",
            help="Où vont les codes (défaut\u00a0: à côté, en .codes.jsonl).",
            show_default=False,
        ),
    ] = None,
    coder: Annotated[
        str | None,
        typer.Option(
            "--coder", metavar="CODE", help="Qui code (A, B…), quand le fichier ne le dit pas.", show_default=False
        ),
    ] = None,
    book: Codebook = None,
    asked: Annotated[
        str,
        typer.Option(
            "--ask",
            metavar="relation,stance,axes",
            help="Ce qu’Entrée demande avant le passage suivant\u00a0; la relation d’un passage mixte l’est toujours.",
        ),
    ] = "relation",
    show_proposal: Annotated[
        bool,
        typer.Option(
            "--show-proposal", help="Montrer ce que propose la machine, si le fichier le tient.", show_default=False
        ),
    ] = False,
) -> None:
    """Coder dans le terminal, au clavier : un passage par écran, chaque décision enregistrée aussitôt."""
    from tensions_cli.commands import coding_annotate as command

    raise typer.Exit(command.run(file, output, coder, book, asked, show_proposal=show_proposal))


@coding_app.command(
    "import",
    cls=FrenchCommand,
    epilog=(
        "Exemples\u00a0: tensions coding import projet.qdpx -o codes.jsonl · "
        "tensions coding import relu.xlsx --coder A -o codes.jsonl"
    ),
)
def coding_import(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FICHIERS…",
            help="qdpx, xlsx, csv, jsonl, parquet, ou export de doccano, Label Studio, Prodigy, INCEpTION.",
        ),
    ],
    output: Output = None,
    coder: Annotated[
        str | None,
        typer.Option(
            "--coder", metavar="CODE", help="Qui a codé (A, B…), quand le fichier ne le dit pas.", show_default=False
        ),
    ] = None,
    codebook: Codebook = None,
    design: Annotated[
        Path | None,
        typer.Option(
            "--design",
            metavar="FICHIER",
            help="Le tirage (NOM.tirage.json), s’il n’est pas à côté du fichier\u00a0: il rend les poids.",
            show_default=False,
        ),
    ] = None,
    problems: Annotated[
        Path | None,
        typer.Option(
            "--problems",
            metavar="FICHIER",
            help="Écrire dans un csv tout ce qui n’a pas été compris.",
            show_default=False,
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Relire des codes posés dans un tableur ou un autre outil : un passage codé par ligne, et ce qui s’est perdu."""
    from tensions_cli.commands import coding_import as command

    raise typer.Exit(command.run(files, output, coder, quiet=quiet, book=codebook, design=design, problems=problems))


@coding_app.command(
    "agreement",
    cls=FrenchCommand,
    epilog=(
        "Exemples\u00a0: tensions coding agreement A.jsonl B.jsonl --adjudicate arbitrage.xlsx · "
        "tensions tag corpus/ -f jsonl -o machine.jsonl, puis tensions coding agreement A.jsonl machine.jsonl"
    ),
)
def coding_agreement(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="CODES…",
            help="Passages codés (jsonl) de plusieurs codeurs, personnes ou machine, dans un fichier ou plusieurs.",
        ),
    ],
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by",
            "-b",
            metavar="CHAMP",
            help="Accord par genre, sector, speaker, document…\u00a0; répétable.",
            show_default=False,
        ),
    ] = None,
    form: Annotated[str, typer.Option("--format", "-f", metavar="FORMAT", help="table, json, md ou csv.")] = "table",
    output: Output = None,
    adjudicate: Annotated[
        Path | None,
        typer.Option(
            "--adjudicate",
            metavar="FICHIER.xlsx",
            help="Écrire un classeur où arrêter les désaccords, à relire avec coding import.",
            show_default=False,
        ),
    ] = None,
    codebook: Codebook = None,
    paragraph: Annotated[
        str | None,
        typer.Option(
            "--paragraph",
            metavar="fr|en|both",
            help="Ajouter les phrases de la section de méthode (déjà dans -f md).",
            show_default=False,
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Écraser un classeur d’arbitrage qui est déjà là.", show_default=False)
    ] = False,
    show_text: Annotated[
        bool, typer.Option("--show-text", help="Montrer le texte des passages en désaccord.", show_default=False)
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Mesurer l’accord entre codeurs, personnes ou machine, et lister leurs désaccords."""
    from tensions_cli.commands import coding_agreement as command
    from tensions_cli.commands.common import choice

    if paragraph is not None:
        choice("--paragraph", paragraph, ("fr", "en", "both"))
    raise typer.Exit(
        command.run(
            files,
            by or [],
            form,
            output,
            adjudicate,
            codebook,
            paragraph=paragraph,
            force=force,
            show_text=show_text,
            quiet=quiet,
        )
    )
