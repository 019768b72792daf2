"""Options that several commands share, said once and in the same words."""

from pathlib import Path
from typing import Annotated

import typer

Sources = Annotated[
    list[str], typer.Argument(metavar="SOURCES…", help="Fichiers, dossiers, motifs, ou - (entrée standard).")
]
By = Annotated[
    list[str] | None,
    typer.Option(
        "--by",
        "-b",
        metavar="CHAMP",
        help="Grouper par document (défaut), speaker, role ou une métadonnée\u00a0; répétable.",
        show_default=False,
    ),
]
ModelName = Annotated[str, typer.Option("--model", "-m", metavar="NOM|DOSSIER", help="Modèle à employer.")]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FICHIER", help="Écrire dans un fichier plutôt qu’à l’écran.", show_default=False
    ),
]
OutputOrFolder = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FICHIER|DOSSIER/",
        help="Écrire dans un fichier\u00a0; en parquet, un dossier/ ou une adresse (s3://…)\u00a0: par parties.",
        show_default=False,
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Ni progression ni remarques.", show_default=False)]
KeepInterviewer = Annotated[
    bool, typer.Option("--keep-interviewer", help="Compter aussi les tours de l’enquêteur.", show_default=False)
]
Speakers = Annotated[
    str | None,
    typer.Option(
        "--speakers",
        metavar="X=RÔLE,…",
        help='Rôles imposés, "M=interviewer,C=respondent", ou none.',
        show_default=False,
    ),
]
AnyLanguage = Annotated[
    bool, typer.Option("--any-language", help="Lire aussi ce qui n’est pas en français.", show_default=False)
]
Unit = Annotated[
    str,
    typer.Option(
        "--unit", metavar="passage|record", help="record\u00a0: chaque ligne d’un csv ou jsonl est un passage."
    ),
]
TextColumn = Annotated[
    str | None,
    typer.Option("--text-column", metavar="NOM", help="Colonne du texte dans un csv ou jsonl.", show_default=False),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Code 3 dès qu’un fichier est laissé de côté.", show_default=False)
]

MaskUnder = Annotated[
    int,
    typer.Option(
        "--mask-under",
        metavar="N",
        min=0,
        help="Masquer les groupes de moins de N personnes (documents s’il n’y a pas de locuteur).",
        show_default=False,
    ),
]
Gold = Annotated[
    Path | None,
    typer.Option(
        "--gold",
        metavar="FICHIER",
        help="Passages de ce corpus codés par une personne\u00a0: corriger les parts des erreurs de la machine.",
        show_default=False,
    ),
]
Codebook = Annotated[
    Path | None,
    typer.Option(
        "--codebook",
        metavar="DOSSIER",
        help="Votre grille (codebook.toml et lexicon.csv)\u00a0; sinon, celle de l’outil.",
        show_default=False,
    ),
]
Codes = Annotated[
    Path | None,
    typer.Option(
        "--codes",
        metavar="FICHIER",
        help="Codes humains de passages de ce corpus\u00a0: ils l’emportent sur ceux du modèle.",
        show_default=False,
    ),
]
Check = Annotated[
    Path | None,
    typer.Option(
        "--check",
        metavar="FICHIER",
        help="Comparer à un résumé (-f json) d’avant\u00a0; code 1 si un chiffre a bougé.",
        show_default=False,
    ),
]
Tolerance = Annotated[
    str | None,
    typer.Option(
        "--tolerance",
        metavar="T",
        help="Écart toléré par --check\u00a0: 0.02 (défaut), ou 2\u00a0%, deux points d’une part.",
        show_default=False,
    ),
]
FailIf = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-if",
        metavar="CONDITION",
        help=(
            'Code 1 si c’est le cas\u00a0: "tension_share > 0,3", "balance < -0,5", "passages < 100" (tout le '
            'corpus)\u00a0; "any: mixte > 50 %" (un groupe au moins), "genre=presse: neutre > 60 %" (ce groupe)'
            "\u00a0; répétable."
        ),
        show_default=False,
    ),
]
KeepTwins = Annotated[
    bool,
    typer.Option(
        "--keep-twins", help="Compter chaque copie d’un texte présent en plusieurs formats.", show_default=False
    ),
]
Repair = Annotated[bool, typer.Option("--repair", help="Réparer les accents abîmés (Ã© pour é).", show_default=False)]
Jobs = Annotated[
    int,
    typer.Option(
        "--jobs",
        "-j",
        metavar="N",
        min=0,
        help="Processus à employer\u00a0; 0\u00a0: selon la machine et la taille du corpus.",
        show_default=False,
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="ADRESSE",
        help="Étiqueter sur un cluster Dask\u00a0: adresse de l’ordonnanceur (tcp://machine:8786), ou son fichier.",
        show_default=False,
    ),
]
NoCache = Annotated[
    bool,
    typer.Option(
        "--no-cache",
        help="Tout refaire, sans reprendre ni garder de résultats d’un passage à l’autre.",
        show_default=False,
    ),
]
