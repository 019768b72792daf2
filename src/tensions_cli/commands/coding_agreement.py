"""`tensions coding agreement`: how far coders agree, people or machines, and where they do not."""

from pathlib import Path
from typing import TYPE_CHECKING

from tensions_cli.commands.common import choice, report_notices, say
from tensions_cli.errors import ExitStatus, TensionsError
from tensions_cli.knowledge.codebook import load_codebook, use_codebook
from tensions_cli.output.french import integer, plural, printable
from tensions_cli.output.rows import to_json
from tensions_cli.output.sink import binary_output, check_output, text_output

if TYPE_CHECKING:
    from tensions_cli.studies.agreement import Agreement

FORMATS = ("table", "json", "md", "csv")


def run(
    files: list[Path],
    by: list[str],
    form: str,
    output: Path | None,
    adjudicate: Path | None,
    codebook: Path | None,
    *,
    paragraph: str | None = None,
    force: bool = False,
    show_text: bool,
    quiet: bool,
) -> ExitStatus:
    """Compare, tell on stderr how names and passages were matched, write the figures and the file to adjudicate."""
    from tensions_cli.output import agreement as told
    from tensions_cli.output import terminal
    from tensions_cli.output.agreement_paragraph import agreement_paragraphs
    from tensions_cli.studies.agreement import agreement_between, disagreement_rows

    choice("--format", form, FORMATS)
    check_output(output, files, [])
    check_output(adjudicate, files, [])
    if adjudicate is not None and output is not None and adjudicate.resolve() == output.resolve():
        raise TensionsError(
            "--adjudicate et --output donnent le même fichier",
            why="l’un est un classeur, l’autre les chiffres",
            hint="--adjudicate arbitrage.xlsx -o accord.md",
        )
    if adjudicate is not None and adjudicate.suffix.lower() != ".xlsx":
        raise TensionsError(
            f"--adjudicate\u00a0: {printable(adjudicate.name)} n’est pas un nom de classeur",
            why="le fichier à arbitrer est un classeur Excel",
            hint="--adjudicate arbitrage.xlsx",
        )
    if adjudicate is not None and adjudicate.exists() and not force:
        raise TensionsError(
            f"{printable(adjudicate.name)} existe déjà",
            why="il tient peut-être des désaccords déjà arbitrés, qui seraient perdus",
            hint="donnez un autre nom à --adjudicate, ou --force pour l’écraser",
        )
    if codebook is not None:
        use_codebook(load_codebook(codebook))
    found = agreement_between(files, by)
    report_notices(found.notices, quiet=quiet)
    figures = found.figures | {"disagreements": disagreement_rows(found, show_text=show_text)}
    if adjudicate is not None:
        _write_cases(found, adjudicate, quiet=quiet)
    paragraphs = agreement_paragraphs(figures, paragraph or "both") if paragraph or form == "md" else []
    if form == "table" and output is None:
        out = terminal.console()
        told.print_agreement(figures, out)
        for text in paragraphs:
            out.print(f"\n{text}", markup=False)
        return ExitStatus.DONE
    with text_output(output) as stream:
        if form == "json":
            stream.write(to_json(figures, indent=1) + "\n")
        elif form == "md":
            told.write_agreement_markdown(figures, stream)
            stream.writelines(f"\n{text}\n" for text in paragraphs)
        elif form == "csv":
            told.write_agreement_csv(figures, stream)
        else:
            told.print_agreement(figures, terminal.file_console(stream))
            stream.writelines(f"\n{text}\n" for text in paragraphs)
    return ExitStatus.DONE


def _write_cases(found: "Agreement", adjudicate: Path, *, quiet: bool) -> None:
    from tensions_cli.output.adjudication import write_adjudication
    from tensions_cli.studies.agreement import cases_of

    coders = [coder["coder"] for coder in found.figures["coders"]]
    machines = [coder["coder"] for coder in found.figures["coders"] if coder["machine"]]
    with binary_output(adjudicate) as stream:
        notices = write_adjudication(cases_of(found), coders, machines, stream)
    report_notices(notices, quiet=quiet)
    agreed = plural(len(found.agreed), "passage", "passages")
    alone = f" et {integer(len(found.alone))} qu’une seule personne a codés" if found.alone else ""
    say(
        f"{printable(adjudicate.name)}\u00a0: {plural(len(found.disagreements), 'désaccord')} à arbitrer, puis "
        f"{agreed} où tous sont d’accord{alone}, déjà remplis. Pour relire le tout\u00a0: tensions coding import "
        f"{printable(adjudicate.name)} --coder arbitrage -o gold.jsonl",
        quiet=quiet,
    )
