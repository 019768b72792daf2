"""Small valid files of every kind that is read, built in code, and the ways to spoil them: for tests and benchmark.

`mutated(reader, rng)` is one spoilt file. Everything is drawn from the `random.Random` given, so that a seed, or
hypothesis, repeats it.
"""

import contextlib
import copy
import io
import json
import random
import re
import sys
import textwrap
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import openpyxl
from lxml import etree

from hostile_files import WORD_PARTS, pdf_of

sys.path.append(str(Path(__file__).parent / "output"))  # the coded documents of the tests of writers

# Stand for what a participant said and for a person's name: no message may hold them.
CANARIES = ("Zorglubine", "Quirinelle")

ASKED = "Comment se passe une matinée à l’accueil de jour ?"
SAID = "On ouvre à neuf heures avec Zorglubine, et il faut déjà remplir la grille avant d’écouter les personnes."
MORE = "La cheffe de service défend le temps passé avec chaque famille, mais le tableau des indicateurs attend."
LAST = "Nous prenons le café ensemble, puis chacun rejoint son bureau sans avoir parlé du contrat de séjour."


@dataclass(frozen=True, slots=True)
class Seed:
    """A valid file: its extension, its bytes, and how to open it up before spoiling it (`text`, `xml`, `json`, `zip`,
    `bytes`)."""

    extension: str
    data: bytes
    kind: str


# --- valid files -------------------------------------------------------------------------------------


def zipped(parts: dict[str, str | bytes]) -> bytes:
    """A zip archive without dates, the same for the same parts."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return stream.getvalue()


def _docx() -> bytes:
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    types = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    content = "application/vnd.openxmlformats-officedocument.wordprocessingml"

    def run(text: str, look: str = "") -> str:
        return f'<w:r><w:rPr>{look}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'

    def cell(text: str) -> str:
        return f"<w:tc><w:p>{run(text)}</w:p></w:tc>"

    body = (
        f'<w:p><w:pPr><w:pStyle w:val="Titre1"/><w:outlineLvl w:val="0"/></w:pPr>{run("Une matinée", "<w:b/>")}</w:p>'
        f'<w:p>{run("Quirinelle : ", "<w:b/>")}{run(SAID)}<w:r><w:tab/><w:br/><w:sym w:font="Wingdings" w:char="F0E0"/>'
        '<w:footnoteReference w:id="2"/></w:r></w:p><w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/>'
        "</w:numPr>"
        f'</w:pPr>{run(MORE)}<w:ins w:id="1">{run(" Ajout.")}</w:ins><w:del w:id="2"><w:r><w:delText>Retrait'
        "</w:delText>"
        f"</w:r></w:del></w:p><w:tbl><w:tr>{cell('Temps')}{cell('Locuteur')}{cell('Parole')}</w:tr>"
        f"<w:tr>{cell('0:03')}{cell('Enquêteur')}{cell(ASKED)}</w:tr>"
        f"<w:tr>{cell('0:09')}{cell('Quirinelle')}{cell(SAID)}</w:tr></w:tbl><w:sdt><w:sdtContent><w:p>{run(LAST)}"
        "</w:p>"
        "</w:sdtContent></w:sdt>"
    )
    styles = (
        f'<w:styles {space}><w:style w:type="paragraph" w:styleId="Normal"><w:name w:val="Normal"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="Titre1"><w:name w:val="heading 1"/><w:basedOn w:val="Normal"/>'
        '<w:pPr><w:outlineLvl w:val="0"/></w:pPr><w:rPr><w:b/></w:rPr></w:style></w:styles>'
    )
    notes = f'<w:footnotes {space}><w:footnote w:id="2"><w:p>{run("Voir le cahier.")}</w:p></w:footnote></w:footnotes>'
    overrides = "".join(
        f'<Override PartName="/word/{part}.xml" ContentType="{content}.{part}+xml"/>'
        for part in ("styles", "footnotes")
    )
    relations = "".join(
        f'<Relationship Id="r{part}" Type="{types}/{part}" Target="{part}.xml"/>' for part in ("styles", "footnotes")
    )
    return zipped(
        {
            **WORD_PARTS,
            "[Content_Types].xml": WORD_PARTS["[Content_Types].xml"].replace("</Types>", f"{overrides}</Types>"),
            "word/document.xml": f"<w:document {space}><w:body>{body}</w:body></w:document>",
            "word/_rels/document.xml.rels": (
                '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
                f"{relations}</Relationships>"
            ),
            "word/styles.xml": styles,
            "word/footnotes.xml": notes,
        }
    )


def _open_document(kind: str, body: str) -> bytes:
    space = "urn:oasis:names:tc:opendocument:xmlns"
    names = (
        f'xmlns:office="{space}:office:1.0" xmlns:style="{space}:style:1.0" xmlns:text="{space}:text:1.0" '
        f'xmlns:table="{space}:table:1.0" xmlns:draw="{space}:drawing:1.0" xmlns:fo="{space}:xsl-fo-compatible:1.0"'
    )
    style = (
        '<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Standard">'
        '<style:text-properties fo:font-weight="bold"/></style:style>'
    )
    return zipped(
        {
            "mimetype": f"application/vnd.oasis.opendocument.{kind}",
            "META-INF/manifest.xml": "<manifest/>",
            "content.xml": (
                f'<office:document-content {names} office:version="1.3"><office:automatic-styles>{style}'
                f"</office:automatic-styles><office:body><office:{kind}>{body}</office:{kind}></office:body>"
                "</office:document-content>"
            ),
            "styles.xml": (
                f'<office:document-styles {names}><office:styles><style:style style:name="Standard" '
                'style:family="paragraph"/></office:styles></office:document-styles>'
            ),
        }
    )


def _odt() -> bytes:
    def cell(text: str) -> str:
        return f"<table:table-cell><text:p>{text}</text:p></table:table-cell>"

    return _open_document(
        "text",
        f'<text:h text:outline-level="1">Une matinée</text:h><text:p text:style-name="P1">Quirinelle : {SAID}</text:p>'
        f'<text:p>{MORE}<text:s text:c="3"/><text:tab/><text:line-break/><text:span text:style-name="P1">Fin'
        "</text:span>"
        '<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body>'
        "<text:p>Voir le cahier.</text:p></text:note-body></text:note></text:p><text:list><text:list-item>"
        f"<text:p>{LAST}</text:p></text:list-item></text:list><table:table><table:table-column table:number-columns-"
        f'repeated="2"/><table:table-row>{cell("Locuteur")}{cell("Parole")}</table:table-row><table:table-row '
        f'table:number-rows-repeated="1">{cell("Quirinelle")}{cell(SAID)}</table:table-row></table:table>',
    )


def _ods() -> bytes:
    def row(*cells: str) -> str:
        inner = "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in cells
        )
        return f"<table:table-row>{inner}</table:table-row>"

    return _open_document(
        "spreadsheet",
        '<table:table table:name="Feuille1"><table:table-column '
        f'table:number-columns-repeated="4"/>{row("id", "texte", "lieu")}'
        f'{row("1", SAID, "IME")}<table:table-row><table:table-cell office:value-type="float" office:value="2"/>'
        f'<table:table-cell><text:p>{MORE}</text:p></table:table-cell><table:table-cell office:value-type="date" '
        'office:date-value="2024-03-01"/><table:table-cell table:number-columns-repeated="16380"/></table:table-row>'
        '<table:table-row table:number-rows-repeated="1048570"><table:table-cell '
        'table:number-columns-repeated="16384"/>'
        "</table:table-row></table:table>",
    )


def _xlsx() -> bytes:
    import datetime

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["id", "texte", "lieu", "date", "rang"])
    sheet.append(["e1", SAID, "IME", datetime.date(2024, 3, 1), 1])
    sheet.append(["e2", MORE, "CHRS", datetime.time(10, 30), 2.5])
    sheet.append(["e3", LAST, None, True, "=1+1"])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _rtf() -> bytes:
    def escaped(text: str) -> str:
        return "".join(c if ord(c) < 128 else f"\\u{ord(c)}?" for c in text)

    return (
        r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fswiss\fcharset0 Calibri;}{\f1\fcharset2 Symbol;}}"
        r"{\stylesheet{\s0 Normal;}{\s1\b heading 1;}}{\*\generator X;}"
        r"\pard\s1\b Une matin\'e9e\b0\par\pard Quirinelle : "
        + escaped(SAID)
        + r"\line\tab{\footnote\pard Voir le cahier.\par}{\i "
        + escaped(MORE)
        + r"}\par{\pict\bin4 abcd}\trowd\cellx4000\cellx9000\pard\intbl Locuteur\cell Parole\cell\row"
        r"\trowd\cellx4000\cellx9000\pard\intbl Quirinelle\cell "
        + escaped(LAST)
        + r"\cell\row\pard{\field{\*\fldinst HYPERLINK x}{\fldrslt la note}}\uc2\u233\'c3\'a9\par}"
    ).encode("ascii")


def _pdf() -> bytes:
    def page(*lines: str) -> bytes:
        drawn = []
        for rank, line in enumerate(lines):
            shown = line.replace("’", "'").encode("latin-1", "replace").replace(b"(", b"\\(").replace(b")", b"\\)")
            drawn.append(b"BT /F 11 Tf 72 %d Td (%s) Tj ET" % (760 - 16 * rank, shown))
        return b"\n".join(drawn)

    first, second = (textwrap.wrap(text, 60) for text in (f"{SAID} {MORE}", LAST))
    second[0] = f"{second[0][:-3]}-"  # a word cut at the end of its line, whose end is lost
    return pdf_of(
        [
            page("Rapport de Quirinelle", *first, "1"),
            page("Rapport de Quirinelle", *second, "- un point", "2"),
        ]
    )


HTML = (
    "<!DOCTYPE html><html lang='fr'><head><meta charset='utf-8'><title>Une matinée</title>"
    "<script>var a = 1;</script></head><body><nav><a href='/'>Accueil</a></nav><article><h1>Une matinée</h1>"
    f"<p>{SAID}</p><p><b>{MORE}</b></p><ul><li>{LAST}</li></ul><table><tr><td>Un</td><td>Deux</td></tr></table>"
    f"<blockquote>{ASKED}</blockquote></article><footer>Mentions légales</footer></body></html>"
)
EUROPRESSE = (
    '<html><head><meta charset="utf-8"><title>Export</title></head><body>'
    + "".join(
        '<article><header><div><span class="DocPublicationName">Le Courrier des quais, no. 4512</span></div>'
        '<div><span class="DocHeader">Société, mardi 14 mars 2006, p. 16</span></div><div class="titreArticle">'
        '<p class="sm-margin-bottom">Au foyer</p><p class="titreArticleVisu">La tablette entre au foyer</p></div>'
        f'<div>Quirinelle Morvan</div></header><section><div class="DocText"><div class="docOcurrContainer"><p>{SAID}'
        f"</p><p>{MORE} <mark>cases</mark></p></div></div></section><footer><p>© 2006 Le Courrier des quais. Tous "
        f"droits réservés.</p><p>Numéro de document : news·20060314·CQ·{rank}</p><p>Ce certificat est émis à <b>"
        "Bibliothèque</b> à des fins de visualisation personnelle et temporaire.</p></footer></article>"
        for rank in (1, 2)
    )
    + "</body></html>"
)
EUROPRESSE_OLDER = (
    '<html><body><table><tr><td><table id="tbHeaderImages"><tr><td><img src="logo.gif"><br></td></tr></table>'
    '<span class="DocPublicationName">La Voix du nord-est</span><br><span class="DocHeader">Région, jeudi 4 octobre '
    '2012, p. 03</span><br><br><span class="TitreArticleVisu">Le cahier</span><br><br>Quirinelle Lestrade<br><p>'
    f"</p>{SAID}"
    f"<p></p><b>{MORE}</b><p></p><b><i>© 2012 La Voix du nord-est. Tous droits réservés.</i></b><p></p>Numéro de "
    "document : news·20121004·VDN·77<br><br><table><tr><td>Ce certificat est émis à <b>Bibliothèque</b> à des fins de "
    "visualisation personnelle et temporaire.</td></tr></table></td></tr></table></body></html>"
)
NOSCRIBE = (
    '<html><head><meta charset="UTF-8"/><meta name="audio_source" content="E01.mp3"/></head><body><div><p>E01</p><p>'
    "<span>Transcribed with noScribe vers. 0.7<br/>Audio file: ./E01.mp3</span></p>"
    '<p><a name="ts_0_12140_">(12 seconds pause) </a></p>'
    f'<p><a name="ts_12140_15000_S01">S01: <span style="color: #78909C">[00:00:12]</span> {ASKED}</a></p>'
    f'<p><a name="ts_15000_17500_S00">S00: <span style="color: #78909C">[00:00:15]</span> {SAID}</a>'
    f'<a name="ts_17500_18000_//S01"> //S01: Le mardi ?</a><a name="ts_18000_21000_S00">// {MORE}</a></p></div>'
    "</body></html>"
)
OTRANSCRIBE = (
    f'<p><span class="timestamp" contenteditable="false" data-timestamp="3.5">0:03</span> Enquêteur : {ASKED}</p><p>'
    f'<span class="timestamp" contenteditable="false" data-timestamp="12">0:12</span> Quirinelle : {SAID}<br />{MORE}'
    "</p>"
)
MARKDOWN = (
    f"---\ntitre: Une matinée\nlieux: [IME, CHRS]\nannee: 2024\n---\n\n# Une matinée\n\n{SAID}\n\n- {MORE}\n- un "
    "**point**"
    f"\n\n> {ASKED}\n\n| Locuteur | Parole |\n| --- | --- |\n| Quirinelle | {LAST} "
    "|\n\n```\ncode\n```\n\n[lien](http://a.b)\n"
)
LABELS = (
    f"ENTRETIEN 7\nDurée : 45 min\nE : enquêtrice ; Q : Quirinelle\n\nE : {ASKED}\nQ : {SAID}\n[00:01:12] E : Et "
    "ensuite ?\n"
    f"Q : {MORE} (rires)\n12  E : Le midi ?\nQ : {LAST}\nFin de l’entretien\n"
)
IRAMUTEQ = (
    f"**** *lieu_IME *annee_2024 *pers_Quirinelle\n{SAID}\n\n**** *lieu_CHRS *annee_2023\n"
    f"-*accueil\n{MORE}\n-*suite\n{LAST}\n"
)
LEXICO = f"<auteur=Quirinelle> <annee=2001>\n{SAID}\n<page=2>\n{MORE}\n<auteur=Omar> <annee=2002>\n{LAST}\n"
VTT = (
    f"WEBVTT - Entretien\n\nNOTE un essai\n\nSTYLE\n::cue {{}}\n\n1\n00:00:01.000 --> 00:00:04.500 align:start\n<v "
    f"Enquêtrice>{ASKED}</v>\n\n"
    f"2\n00:00:04.500 --> 00:00:09.000\n<v Quirinelle>{SAID} <i>voilà</i> <00:00:06.000>&amp; puis</v>\n\n"
    f"00:00:09.000 --> 01:00:12.000\n{MORE}\n"
)
SRT = (
    f"1\n00:00:01,000 --> 00:00:04,500\nEnquêtrice : {ASKED}\n\n2\n00:00:04,500 --> 00:00:09,000\nQuirinelle : {SAID}\n"
    f"<i>suite</i>\n\n3\n00:00:09,000 --> 00:00:12,000\n- {MORE}\n- Oui.\n"
)
WORDS = SAID.split()
WHISPERX: dict[str, Any] = {
    "language": "fr",
    "segments": [
        {"start": 0.0, "end": 3.2, "text": f" {ASKED}", "speaker": "SPEAKER_00", "words": []},
        {
            "start": 3.2,
            "end": 9.0,
            "text": " ".join(WORDS),
            "speaker": "SPEAKER_01",
            "words": [
                {
                    "word": word,
                    "start": 3.2 + n / 5,
                    "end": 3.3 + n / 5,
                    "score": 0.9,
                    "speaker": "SPEAKER_01" if n > 5 else "SPEAKER_00",
                }
                for n, word in enumerate(WORDS)
            ],
        },
    ],
}
WHISPER_CPP: dict[str, Any] = {
    "result": {"language": "fr"},
    "transcription": [
        {"timestamps": {"from": "00:00:00,000"}, "offsets": {"from": 0, "to": 3200}, "text": f" {ASKED}"},
        {"timestamps": {"from": "00:00:03,200"}, "offsets": {"from": 3200, "to": 9000}, "text": f" {SAID}"},
    ],
}
OTR: dict[str, Any] = {"text": OTRANSCRIBE, "media": "E01.mp3", "media-time": 12.5}
TRS = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE Trans SYSTEM "trans-14.dtd">\n<Trans scribe="X" version="3">'
    "<Topics>"
    '<Topic id="to1" desc="accueil"/></Topics><Speakers><Speaker id="spk1" name="ENQ"/><Speaker id="spk2" '
    'name="Quirinelle"/>'
    '</Speakers><Episode><Section type="report" topic="to1" startTime="0" endTime="9.0"><Turn speaker="spk1" '
    'startTime="0" '
    f'endTime="3.5"><Sync time="0"/>{ASKED}</Turn><Turn speaker="spk2 spk1" startTime="3.5" endTime="9.0"><Sync '
    'time="3.5"/>'
    f'<Who nb="1"/>{SAID}<Event desc="rire" type="noise" extent="instantaneous"/><Who nb="2"/>ah oui<Sync time="6.25"/>'
    f'<Who nb="1"/>{MORE}<Comment desc="note"/></Turn></Section></Episode></Trans>'
)
TEI = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc/>'
    "<profileDesc>"
    '<particDesc><listPerson><person xml:id="spk1"><persName><forename>Quirinelle</forename></persName></person>'
    '</listPerson></particDesc></profileDesc></teiHeader><text><timeline unit="s"><when absolute="0" xml:id="T0"/>'
    '<when interval="1.849" since="#T0" xml:id="T1"/><when interval="4.5" since="#T1" xml:id="T2"/></timeline><body>'
    f'<annotationBlock who="#spk1" start="#T0" end="#T1"><u><seg>{SAID}</seg></u></annotationBlock><u who="#spk2" '
    f'start="#T1" end="#T2">{MORE} <incident><desc>rire</desc></incident> oui <pause dur="2"/></u></body></text></TEI>'
)
TEI_PROSE = (
    '<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader/><text><front><p>Avant</p></front><body><div><head>Une matinée'
    f'</head><p>{SAID}<lb/>suite<note place="foot">Voir.</note></p><list><item>{MORE}</item></list><sp who="#a">'
    "<speaker>"
    f"Quirinelle</speaker><p>{LAST}</p></sp></div></body><back><listBibl><bibl>Une étude</bibl></listBibl></back>"
    "</text></TEI>"
)


def _txm(words: Sequence[str]) -> str:
    return " ".join(
        f'<w id="w{n}"><txm:form>{word}</txm:form><txm:ana type="#frpos">NOM</txm:ana></w>'
        for n, word in enumerate(words)
    )


TXM = (
    '<TEI xmlns="http://www.tei-c.org/ns/1.0" xmlns:txm="http://textometrie.org/1.0"><teiHeader/><text id="E01" '
    f'lieu="IME"><p n="1"><s n="1">{_txm(WORDS)}</s></p><sp who="ENQ"><u time="2">{_txm(MORE.split())}</u></sp>'
    "</text></TEI>"
)
XTZ = (
    f'<corpus><text id="E01" lieu="IME"><p>{SAID}</p></text><text id="E02"><p>{MORE}</p>'
    "<p><w>Oui</w><w>.</w></p></text></corpus>"
)
_ORATOR = "<orateurs><orateur><nom>M. Quirinelle Ost</nom><id>77</id><qualite>rapporteur</qualite></orateur></orateurs>"
SITTING = (
    "<compteRendu xmlns='http://schemas.assemblee-nationale.fr/referentiel'><uid>CR1</uid><metadonnees><dateSeance>"
    "20310303090000000</dateSeance><session>Session 2030-2031</session></metadonnees><contenu><quantiemes>"
    "<journee>Séance"
    "</journee></quantiemes><ouvertureSeance><texte>Présidence<br/>vice</texte><paragraphe code_style='NORMAL'>"
    f"{_ORATOR}<texte stime='12.50'>{SAID}</texte></paragraphe></ouvertureSeance><point nivpoint='1'><texte>Accueil "
    "<italique>"
    f"(suite)</italique></texte><interExtraction><paragraphe code_style='NORMAL'>{_ORATOR}<texte stime='20'>{MORE}"
    "<br/>L’article "
    "1<exposant>er</exposant></texte></paragraphe></interExtraction></point></contenu></compteRendu>"
)
CSV = f'id;texte;lieu;année\ne1;"{SAID}";IME;2024\ne2;"{MORE} ""oui""\nsuite";CHRS;2023\n;{LAST};;\n'
JSONL = "\n".join(
    json.dumps(row, ensure_ascii=False)
    for row in (
        {"id": "e1", "texte": SAID, "lieu": "IME", "mots": ["a", "b"]},
        {"id": 2, "texte": MORE, "note": {"a": 1}},
    )
)


def _zip() -> bytes:
    return zipped(
        {
            "entretiens/E01.txt": LABELS,
            "E02.docx": _docx(),
            "E03.csv": CSV,
            "E04.json": json.dumps(WHISPERX),
            "E05.vtt": VTT,
        }
    )


SEEDS: dict[str, Callable[[], Seed]] = {
    "docx": lambda: Seed("docx", _docx(), "zip"),
    "odt": lambda: Seed("odt", _odt(), "zip"),
    "rtf": lambda: Seed("rtf", _rtf(), "text"),
    "pdf": lambda: Seed("pdf", _pdf(), "bytes"),
    "html": lambda: Seed("html", HTML.encode(), "html"),
    "europresse": lambda: Seed("html", EUROPRESSE.encode(), "html"),
    "europresse, older": lambda: Seed("html", EUROPRESSE_OLDER.encode(), "html"),
    "noScribe": lambda: Seed("html", NOSCRIBE.encode(), "html"),
    "oTranscribe page": lambda: Seed("html", OTRANSCRIBE.encode(), "html"),
    "md": lambda: Seed("md", MARKDOWN.encode(), "text"),
    "txt": lambda: Seed("txt", LABELS.encode(), "text"),
    "iramuteq": lambda: Seed("txt", IRAMUTEQ.encode(), "text"),
    "lexico": lambda: Seed("txt", LEXICO.encode(), "text"),
    "vtt": lambda: Seed("vtt", VTT.encode(), "text"),
    "srt": lambda: Seed("srt", SRT.encode(), "text"),
    "whisperX": lambda: Seed("json", json.dumps(WHISPERX, ensure_ascii=False).encode(), "json"),
    "whisper.cpp": lambda: Seed("json", json.dumps(WHISPER_CPP).encode(), "json"),
    "otr": lambda: Seed("otr", json.dumps(OTR).encode(), "json"),
    "trs": lambda: Seed("trs", TRS.encode(), "xml"),
    "tei": lambda: Seed("xml", TEI.encode(), "xml"),
    "tei, prose": lambda: Seed("xml", TEI_PROSE.encode(), "xml"),
    "txm": lambda: Seed("xml", TXM.encode(), "xml"),
    "xtz": lambda: Seed("xml", XTZ.encode(), "xml"),
    "sitting": lambda: Seed("xml", SITTING.encode(), "xml"),
    "csv": lambda: Seed("csv", CSV.encode(), "text"),
    "tsv": lambda: Seed("tsv", CSV.replace(";", "\t").encode(), "text"),
    "jsonl": lambda: Seed("jsonl", JSONL.encode(), "json"),
    "xlsx": lambda: Seed("xlsx", _xlsx(), "zip"),
    "ods": lambda: Seed("ods", _ods(), "zip"),
    "zip": lambda: Seed("zip", _zip(), "zip"),
}


# --- files of codes ----------------------------------------------------------------------------------


def _coded(writer: str, *, binary: bool = False) -> bytes:
    """What one of our writers makes of an interview and a note."""
    from importlib import import_module

    from tagged_documents import BY, FULL, document, tags, two_documents

    start = SAID.index("il faut")
    one = document(
        "E03", f"Q : {SAID}\r\n".replace("\r", ""), [(4, 4 + start, FULL), (4 + start, 4 + len(SAID), tags())]
    )
    module, function = writer.split(":")
    stream: Any = io.BytesIO() if binary else io.StringIO()
    getattr(import_module(f"tensions_cli.output.{module}"), function)([*two_documents(), one], BY, stream)
    written = stream.getvalue()
    return written if isinstance(written, bytes) else written.encode("utf-8")


def _coded_rows(function: str) -> bytes:
    from tagged_documents import two_documents

    from tensions_cli.output import tables

    stream = io.StringIO()
    passages = [one for tagged in two_documents() for one in tagged.passages]
    if function == "csv":
        tables.write_passages_csv(passages, [], stream)
    else:
        tables.write_passages_jsonl(passages, stream)
    return stream.getvalue().encode("utf-8")


def _cas() -> bytes:
    with zipfile.ZipFile(io.BytesIO(_coded("cas:write_cas_json", binary=True))) as archive:
        return next(archive.read(name) for name in archive.namelist() if name.endswith(".json"))


LABEL_STUDIO: list[Any] = [
    {
        "id": 1,
        "data": {"text": SAID, "document": "E01"},
        "annotations": [
            {
                "completed_by": {"id": 3, "email": "quirinelle@exemple.fr"},
                "was_cancelled": False,
                "result": [
                    {
                        "id": "r1",
                        "from_name": "label",
                        "to_name": "text",
                        "type": "labels",
                        "value": {"start": 0, "end": 25, "text": SAID[:25], "labels": ["mixte"]},
                    },
                    {
                        "id": "r1",
                        "from_name": "relation",
                        "to_name": "text",
                        "type": "choices",
                        "value": {"start": 0, "end": 25, "choices": ["opposition"]},
                    },
                ],
            }
        ],
        "predictions": [{"model_version": "m", "result": []}],
    }
]
PRODIGY: list[Any] = [
    {
        "text": SAID,
        "meta": {"document": "E01", "id": "E01#0-25"},
        "spans": [{"start": 0, "end": 25, "label": "mixte", "token_start": 0}],
        "answer": "accept",
        "_annotator_id": "Quirinelle",
    },
    {"text": MORE, "options": [{"id": "mixte", "text": "mixte"}], "accept": ["mixte"], "answer": "reject"},
]
DOCCANO: list[Any] = [
    {
        "id": 1,
        "text": SAID,
        "document": "E01",
        "label": [[0, 25, "mixte"], [26, 40, "temps"]],
        "Comments": ["Quirinelle"],
    },
    {
        "id": 2,
        "text": MORE,
        "entities": [{"id": 1, "label": "mixte", "start_offset": 0, "end_offset": 20}],
        "relations": [],
        "sha256": "0",
        "proposal": "0-20: mixte, temps; 3-9: M",
    },
]


def _lines(rows: Sequence[object]) -> bytes:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode("utf-8")


CODE_SEEDS: dict[str, Callable[[], Seed]] = {
    "qdpx": lambda: Seed("qdpx", _coded("qdpx:write_qdpx", binary=True), "zip"),
    "xlsx of codes": lambda: Seed("xlsx", _coded("workbook:write_workbook", binary=True), "zip"),
    "csv of codes": lambda: Seed("csv", _coded_rows("csv"), "text"),
    "jsonl of codes": lambda: Seed("jsonl", _coded_rows("jsonl"), "json"),
    "doccano": lambda: Seed("jsonl", _lines(DOCCANO), "json"),
    "label studio": lambda: Seed("json", json.dumps(LABEL_STUDIO, ensure_ascii=False).encode(), "json"),
    "prodigy": lambda: Seed("jsonl", _lines(PRODIGY), "json"),
    "cas json": lambda: Seed("json", _cas(), "json"),
    "cas archive": lambda: Seed("zip", _coded("cas:write_cas_json", binary=True), "zip"),
}


@cache
def seed_of(reader: str) -> Seed:
    """The valid file of a reader, of texts or of codes."""
    return (SEEDS | CODE_SEEDS)[reader]()


# --- ways to spoil them ------------------------------------------------------------------------------

# Halves of characters, controls, line ends of every kind, directions, digits that are not 0-9, numbers that no
# type holds, and the marks of every format.
NASTY = (
    "\ud800",
    "\udc00\ud83d",
    "\x00",
    "\ufeff",
    "\u2028",
    "\x85",
    "\x0b\x0c\x1c\x1d",
    "\r",
    "\u202e tseuq \u202c",
    "\u200b\u2060\u00ad",
    "e" + "\u0301" * 40,
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\ufffe\uffff\U0010ffff",
    "²",
    "٣",
    "①",
    "𝟛",
    "İıſﬁ",
    "1" * 5000,
    "-1",
    "1e999",
    "nan",
    "99999999999999999999",
    "-9223372036854775809",
    "0x10",
    "²:٣٠:①",
    "99:99:99,999 --> 00:00:00,000",
    "-->",
    "a : ",
    " : ",
    "**** *a_b",
    "<a=b>",
    "<v >",
    "</",
    "<![CDATA[",
    "]]>",
    "&#0;",
    "&#x110000;",
    "&amp;lt;",
    "<!--",
    "{",
    "}",
    "\\u-1",
    "_xD800__x0000_",
    "\\bin99999999 ",
    "\\'",
    "[[",
    '"',
    '""',
    ";;;;",
    "\t\t",
    "---",
    "| --- |",
    "```",
    "\n\n\n",
    " " * 300,
    "mot " * 200,
    "a" * 3000,
    "(" * 300,
    "»«",
    "…",
    "#",
    "%s{0}$1\\1",
    "../..",
    "",
)
JSON_NASTY: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    10**25,
    -(10**400),
    1e308,
    float("inf"),
    float("nan"),
    "",
    " ",
    "\ud800",
    "²",
    [],
    [None],
    [[]],
    {},
    {"": None},
    ["a", 1, None],
    "1" * 5000,
    0.5,
)
Mutation = Callable[[bytes, random.Random], bytes]


def _bytes_of(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _stretch(length: int, rng: random.Random) -> tuple[int, int]:
    start = rng.randrange(length + 1)
    return start, min(length, start + rng.choice((1, 2, 5, 20, 100, length)))


def spoil_bytes(data: bytes, rng: random.Random) -> bytes:
    """One accident of a disk or of a network."""
    if not data:
        return b"\x00"
    start, end = _stretch(len(data), rng)
    way = rng.randrange(8)
    if way == 0:
        at = start % len(data)
        return data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
    if way == 1:
        return data[:start]
    if way == 2:
        return data[:start] + data[end:]
    if way == 3:
        return data[:end] + data[start:end] + data[end:]
    if way == 4:
        return data[:start] + bytes(rng.randrange(256) for _ in range(rng.randrange(1, 9))) + data[end:]
    if way == 5:
        return data[start:] + data[:start]
    if way == 6:
        return data[:start] + b"\xff" * min(end - start, 50) + data[end:]
    return data[:start] + _bytes_of(rng.choice(NASTY)) + data[start:]


def spoil_text(data: bytes, rng: random.Random) -> bytes:
    """One accident of an editor, of a keyboard, of a bad export."""
    text = data.decode("utf-8", "surrogateescape")
    way = rng.randrange(9)
    if way == 0:
        return spoil_bytes(data, rng)
    if way == 1:
        numbers = list(re.finditer(r"\d+", text))
        if numbers:
            found = rng.choice(numbers)
            text = text[: found.start()] + rng.choice(NASTY) + text[found.end() :]
    elif way in (2, 3, 4):
        lines = text.split("\n")
        a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
        if way == 2:
            lines[a], lines[b] = lines[b], lines[a]
        elif way == 3:
            lines.insert(a, lines[b])
        else:
            del lines[a]
        text = "\n".join(lines)
    elif way == 5:
        at = rng.randrange(len(text) + 1)
        text = text[:at] + rng.choice(NASTY) + text[at:]
    elif way == 6:
        words = sorted(set(re.findall(r"\w+|[^\w\s]", text)))
        if words:
            text = text.replace(rng.choice(words), rng.choice(NASTY))
    elif way == 7:
        encoding = rng.choice(("utf-16", "utf-8-sig", "cp1252", "utf-16-be", "utf-32"))
        return text.encode(encoding, "replace")
    else:
        text = text.replace("\n", rng.choice(("\r\n", "\r", "\u2028", "", "\n\n")))
    return text.encode("utf-8", "surrogatepass" if "\ud800" in text or "\udc00" in text else "surrogateescape")


def _surely_bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _legal(text: str) -> str:
    """What lxml accepts in a tree; the rest is tried in the bytes."""
    return re.sub("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)


def spoil_tree(root: Any, rng: random.Random) -> None:
    """Move, double, drop, rename or refill one element of a tree."""
    elements = [element for element in root.iter() if isinstance(element.tag, str)]
    one, other = rng.choice(elements), rng.choice(elements)
    way = rng.randrange(9)
    parent = one.getparent()
    if way == 0 and parent is not None:
        parent.remove(one)
    elif way == 1 and parent is not None:
        parent.insert(rng.randrange(len(parent) + 1), copy.deepcopy(one))
    elif way == 2 and parent is not None and one not in other.iterancestors() and one is not other:
        other.insert(rng.randrange(len(other) + 1), one)
    elif way == 3:
        one.tag = other.tag
    elif way == 4:
        one.text = _legal(rng.choice(NASTY))
    elif way == 5:
        one.tail = _legal(rng.choice(NASTY))
    elif way in (6, 7):
        named = [element for element in elements if element.attrib]
        if named:
            chosen = rng.choice(named)
            name = rng.choice(sorted(map(str, chosen.attrib)))
            if way == 6:
                chosen.set(name, _legal(rng.choice(NASTY)))
            else:
                del chosen.attrib[name]
    else:
        inner = one
        for _ in range(rng.choice((1, 5, 60))):
            inner = etree.SubElement(inner, one.tag)
        inner.text = _legal(one.text or "")


def spoil_xml(data: bytes, rng: random.Random) -> bytes:
    """One accident of the tree, or of its bytes."""
    if rng.randrange(4) == 0:
        return spoil_text(data, rng)
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))
    except etree.XMLSyntaxError:
        return spoil_text(data, rng)
    spoil_tree(root, rng)
    return etree.tostring(root, encoding="utf-8")


def spoil_html(data: bytes, rng: random.Random) -> bytes:
    """One accident of the page, or of its bytes."""
    import lxml.html

    if rng.randrange(4) == 0:
        return spoil_text(data, rng)
    try:
        root = lxml.html.document_fromstring(data, parser=lxml.html.HTMLParser(encoding="utf-8"))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return spoil_text(data, rng)
    with contextlib.suppress(ValueError):  # a page may hold names that lxml reads and refuses to write
        spoil_tree(root, rng)
    return etree.tostring(root, encoding="utf-8", method="html")


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every container with a key of it."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, inner in items for place in ((value, key), *_places(inner))]


def spoil_json(data: bytes, rng: random.Random) -> bytes:
    """Swap, drop, replace or rename one value; of a file of lines, in one line."""
    if rng.randrange(4) == 0:
        return spoil_text(data, rng)
    lines = data.decode("utf-8", "replace").split("\n") if data[:1] == b"{" else [data.decode("utf-8", "replace")]
    rank = rng.randrange(len(lines))
    try:
        value = json.loads(lines[rank])
    except (ValueError, RecursionError):
        return spoil_text(data, rng)
    places = _places(value)
    if not places:
        return spoil_text(data, rng)
    (one, a), (other, b) = rng.choice(places), rng.choice(places)
    way = rng.randrange(5)
    if way == 0:
        one[a], other[b] = copy.deepcopy(other[b]), copy.deepcopy(one[a])
    elif way == 1:
        del one[a]
    elif way == 2:
        one[a] = rng.choice(JSON_NASTY)
    elif way == 3 and isinstance(one[a], str):
        one[a] = one[a][: len(one[a]) // 2] + rng.choice(NASTY) + one[a][len(one[a]) // 2 :]
    elif isinstance(one, dict):
        one[rng.choice(NASTY)] = one.pop(a)
    else:
        one.append(copy.deepcopy(other[b]))
    lines[rank] = json.dumps(value, ensure_ascii=rng.randrange(2) == 0)
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def _spoil_member(name: str, content: bytes, rng: random.Random) -> bytes:
    if name.endswith((".xml", ".rels", ".qde")):
        return spoil_xml(content, rng)
    if name.endswith(".json"):
        return spoil_json(content, rng)
    if name.endswith((".docx", ".xlsx")):
        return spoil_zip(content, rng)
    return spoil_text(content, rng)


def spoil_zip(data: bytes, rng: random.Random) -> bytes:
    """One accident in a member, in the list of members, or in the bytes of the archive."""
    if rng.randrange(8) == 0:
        return spoil_bytes(data, rng)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
    except Exception:  # already spoilt
        return spoil_bytes(data, rng)
    if not parts:
        return data
    # The longest parts hold the text: they are the most often hit.
    names = sorted(parts, key=lambda name: -len(parts[name]))
    name = names[min(rng.randrange(len(names)), rng.randrange(len(names)))]
    other = rng.choice(names)
    way = rng.randrange(12)
    if way == 0:
        del parts[name]
    elif way == 1:
        parts[name], parts[other] = parts[other], parts[name]
    elif way == 2:
        renamed = _legal(rng.choice(NASTY))[:200] + other
        parts[renamed] = parts.pop(name)
    else:
        parts[name] = _spoil_member(name, parts[name], rng)
    return zipped(dict(parts.items()))


SPOIL: dict[str, Mutation] = {
    "bytes": spoil_bytes,
    "text": spoil_text,
    "xml": spoil_xml,
    "html": spoil_html,
    "json": spoil_json,
    "zip": spoil_zip,
}

EXTENSIONS = tuple(sorted({seed().extension for name, seed in SEEDS.items() if name not in ("docx", "xlsx", "odt")}))


def mutated(reader: str, rng: random.Random) -> tuple[str, bytes]:
    """The extension and the bytes of one spoilt file: one to four accidents, sometimes under another's extension."""
    seed = seed_of(reader)
    data = seed.data
    for _ in range(rng.choice((1, 1, 2, 4))):
        data = SPOIL[seed.kind](data, rng)
    extension = rng.choice(EXTENSIONS) if rng.randrange(15) == 0 else seed.extension
    return extension, data
