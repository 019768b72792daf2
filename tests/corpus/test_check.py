"""The linter of corpora: every rule has a corpus that breaks it, at a known line, and one that does not."""

import re
import stat
import unicodedata
import zipfile
from collections.abc import Iterator, Mapping
from hashlib import sha256
from io import BytesIO
from pathlib import Path

import docx
import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tensions_cli.commands.corpus_check import read_corpus, run
from tensions_cli.corpus.check import check
from tensions_cli.corpus.fix import corrected
from tensions_cli.corpus.fix_iramuteq import corrected_iramuteq
from tensions_cli.corpus.formats.iramuteq import find_defects
from tensions_cli.corpus.sources import find_files
from tensions_cli.errors import ExitStatus, TensionsError
from tensions_cli.knowledge.corpus_rules import Finding, rule_of_defect, rules
from tensions_cli.knowledge.files import read_toml
from tensions_cli.one_file import MIN_FRENCH_SHARE
from tensions_cli.pipeline import Options, silent

Files = Mapping[str, str | bytes]

NOTE = (
    "L’équipe du foyer a discuté du projet avec les familles pendant toute la matinée.\n\n"
    "Chacun a dit ce qui compte pour lui, et personne n’a demandé de remplir une grille.\n"
)
LONG_ANSWER = "On prend le temps de parler avec la personne avant de remplir quoi que ce soit, vous voyez. "
TALK = "".join(f"Chercheuse : Comment se passe le moment numéro {n} ?\nAlix : {LONG_ANSWER * 3}\n" for n in range(1, 7))
ENGLISH = (
    "The team has worked with the families for many years and everybody knows the rules of the house.\n\n"
    "They do not think that the new forms will help them to listen to the people who live there.\n"
)
STARS = "**** *lieu_IME *annee_2024\nOn coche des cases.\n\n**** *lieu_CHRS *annee_2023\nElle part demain.\n"


def identifiers(text: str) -> Iterator[tuple[int, int, str]]:
    """What stands for the finder of the confidentiality room."""
    for kind, shape in (
        ("téléphone", r"\b0\d(?: \d\d){4}\b"),
        ("adresse mail", r"\w+@\w+\.fr"),
        ("date de naissance", r"née? le \S+"),
        ("lieu", r"\d+ rue \w+"),
        ("numéro de sécurité sociale", r"\b[12] \d\d \d\d \d\d \d{3} \d{3}\b"),
        ("plaque", r"\b[A-Z]{2}-\d{3}-[A-Z]{2}\b"),
    ):
        for found in re.finditer(shape, text):
            yield found.start(), found.end(), kind


def write(folder: Path, files: Files) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return folder


def checked(*sources: Path) -> tuple[Finding, ...]:
    corpus = read_corpus(find_files([str(source) for source in sources]), Options(), silent)
    return check(corpus, identifiers, MIN_FRENCH_SHARE)


def zipped(files: Files) -> bytes:
    stream = BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def word_file(*paragraphs: str) -> bytes:
    document = docx.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    stream = BytesIO()
    document.save(stream)
    return stream.getvalue()


def workbook(*rows: tuple[str, ...]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def shared(n: int, paragraph: str) -> dict[str, str]:
    """Texts that all say the same paragraph and otherwise each its own thing."""
    subjects = ["jardin", "repas", "chantier", "loyer", "budget", "voisinage"]
    return {
        f"t{i}.txt": f"Ce matin nous avons parlé du {subjects[i]} avec les personnes accueillies ici.\n\n{paragraph}\n"
        for i in range(n)
    }


FORMULA = "Document de travail de l’association, à ne pas diffuser en dehors des services concernés."
META = '"id","annee"\n"note","2024"\n'
CUT = "é" * 32_767

# Rule → the corpus that breaks it, the places where it does (file, line), the corpus that does not.
CASES: dict[str, tuple[Files, list[tuple[str, int | None]], Files]] = {
    "fichier-vide": ({"a.txt": "\n", "b.txt": "", "n.txt": NOTE}, [("a.txt", None), ("b.txt", None)], {"n.txt": NOTE}),
    "fichier-illisible": (
        {"a.docx": b"PK\x03\x04cass\xe9", "n.txt": NOTE},
        [("a.docx", None)],
        {"a.docx": word_file(NOTE)},
    ),
    "fichier-chiffre": (
        {"a.docx": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "n.txt": NOTE},
        [("a.docx", None)],
        {"a.docx": word_file(NOTE)},
    ),
    "fichier-sans-texte": (
        {"p.html": "<html><body><nav><a href='/'>Accueil</a></nav></body></html>", "n.txt": NOTE},
        [("p.html", None)],
        {"p.html": f"<html><body><p>{NOTE}</p></body></html>"},
    ),
    "format-non-lu": ({"a.doc": b"\xd0\xcf\x11\xe0", "n.txt": NOTE}, [("a.doc", None)], {"n.txt": NOTE}),
    "fichier-hors-corpus": ({"photo.png": b"\x89PNG", "n.txt": NOTE}, [("photo.png", None)], {"n.txt": NOTE}),
    "fichier-verrou": ({"~$n.docx": b"x", "n.txt": NOTE}, [("~$n.docx", None)], {"n.txt": NOTE}),
    "fichier-sauvegarde": (
        {"n.txt~": NOTE, "#n.txt": NOTE, "n.txt": NOTE},
        [("#n.txt", None), ("n.txt~", None)],
        {"n.txt": NOTE},
    ),
    "fichier-systeme": (
        {"Thumbs.db": b"x", ".DS_Store": b"x", "n.txt": NOTE},
        [(".DS_Store", None), ("Thumbs.db", None)],
        {"n.txt": NOTE},
    ),
    "fichier-resultat": (
        {"r.csv": "id;text;label;coded_by;excluded_reason\n1;Du texte;mixte;model;\n", "n.txt": NOTE},
        [("r.csv", None)],
        {"r.csv": "id;text\n1;On parle du projet avec les familles.\n", "n.txt": NOTE},
    ),
    "fichier-deguise": ({"a.txt": word_file(*NOTE.split("\n\n"))}, [("a.txt", None)], {"a.docx": word_file(NOTE)}),
    "fichier-autre-genre": (
        {"a.txt": f"<!DOCTYPE html><html><body><p>{NOTE}</p></body></html>"},
        [("a.txt", None)],
        {"a.txt": f"Sur la page, <b>rien</b>. {NOTE}"},
    ),
    "nom-caracteres": (
        {"a&b.txt": NOTE, "50%/n.txt": ENGLISH},
        [("50%/", None), ("a&b.txt", None)],
        {"Entretien 01 (équipe) 24.10.03.txt": NOTE},
    ),
    "nom-espaces": ({" a.txt": NOTE, "b .txt": ENGLISH}, [(" a.txt", None), ("b .txt", None)], {"a b.txt": NOTE}),
    "nom-nfd": (
        {unicodedata.normalize("NFD", "équipe.txt"): NOTE},
        [("équipe.txt", None)],
        {unicodedata.normalize("NFC", "équipe.txt"): NOTE},
    ),
    "nom-trop-long": ({f"{'a' * 210}.txt": NOTE}, [(f"{'a' * 210}.txt", None)], {f"{'a' * 190}.txt": NOTE}),
    "encodage-non-utf8": ({"a.txt": NOTE.encode("cp1252")}, [("a.txt", None)], {"a.txt": NOTE}),
    "encodage-declare-faux": (
        {"a.html": f"<html><head><meta charset='iso-8859-1'></head><body><p>{NOTE}</p></body></html>"},
        [("a.html", None)],
        {"a.html": f"<html><head><meta charset='iso-8859-1'></head><body><p>{NOTE}</p></body></html>".encode("cp1252")},
    ),
    "encodages-melanges": (
        {"a.txt": NOTE.encode("cp1252"), "b.md": ENGLISH + "é"},
        [(".", None)],
        {"a.txt": NOTE.encode("cp1252"), "b.txt": ("École. " + NOTE[5:]).encode("cp1252")},
    ),
    "marque-bom": ({"a.txt": "\ufeff" + NOTE}, [("a.txt", 1)], {"a.txt": NOTE}),
    "fins-de-ligne": (
        {"a.txt": "Un jour.\nDeux jours.\r\nTrois jours.\nQuatre jours.\n"},
        [("a.txt", 2)],
        {"a.txt": "Un jour.\r\nDeux jours.\r\n", "b.csv": 'id,text\r\n1,"Un jour.\nDeux jours."\r\n'},
    ),
    "octets-nuls": (
        {"a.txt": b"Un.\nDeux \0\0.\n", "n.txt": NOTE},
        [("a.txt", 2)],
        {"a.txt": "Un".encode("utf-16"), "n.txt": NOTE},
    ),
    "accents-abimes": (
        {"a.txt": "Une note.\nL’Ã©quipe a discutÃ© du projet.\n"},
        [("a.txt", 2)],
        {"a.txt": "Ã l’hôpital, un titre de São Paulo ; l’équipe a discuté.\n"},
    ),
    "caracteres-perdus": ({"a.txt": "Une note.\nL’\ufffdquipe.\n"}, [("a.txt", 2)], {"a.txt": NOTE}),
    "caracteres-de-controle": (
        {"a.txt": "Une note.\nL\u0092équipe\x0b se réunit.\n"},
        [("a.txt", 2)],
        {"a.txt": "Une\tnote.\u00a0L’équipe\u2028se réunit.\n"},
    ),
    "iramuteq-entete-collee": (
        {"c.txt": STARS + "\n****lieu_CADA *annee_2022\nElle attend.\n**** E9 *lieu_SAVS\nIl sort.\n"},
        [("c.txt", 7), ("c.txt", 9)],
        {"c.txt": STARS},
    ),
    "metadata-illisible": (
        {"n.txt": NOTE, "metadata.csv": b"\0\0"},
        [("metadata.csv", None)],
        {"note.txt": NOTE, "metadata.csv": META},
    ),
    "metadata-guillemets": (
        {"note.txt": NOTE, "metadata.csv": 'id,lieu\nnote,"le "grand" foyer"\n'},
        [("metadata.csv", None)],
        {"note.txt": NOTE, "metadata.csv": 'id,lieu\nnote,"le ""grand"" foyer"\n'},
    ),
    "metadata-id-repete": (
        {"note.txt": NOTE, "metadata.csv": META + '"note","2023"\n'},
        [("metadata.csv", 3)],
        {"note.txt": NOTE, "metadata.csv": META},
    ),
    "metadata-id-vide": (
        {"note.txt": NOTE, "metadata.csv": META + '" ","2023"\n'},
        [("metadata.csv", 3)],
        {"note.txt": NOTE, "metadata.csv": META + ",\n"},
    ),
    "metadata-ligne-sans-texte": (
        {"note.txt": NOTE, "metadata.csv": META + '"autre","2023"\n'},
        [("metadata.csv", 3)],
        {"note.txt": NOTE, "metadata.csv": '"id"\n"note.txt"\n'},
    ),
    "metadata-texte-sans-ligne": (
        {"note.txt": NOTE, "seule.txt": ENGLISH, "metadata.csv": META},
        [("seule.txt", None)],
        {"note.txt": NOTE, "c.csv": "id,lieu,text\n1,IME,On parle du projet.\n", "metadata.csv": META},
    ),
    "metadata-ligne-longue": (
        {"note.txt": NOTE, "metadata.csv": "id,lieu\nnote,Foyer, Caen\n"},
        [("metadata.csv", 2)],
        {"note.txt": NOTE, "metadata.csv": 'id,lieu\nnote,"Foyer, Caen"\n'},
    ),
    "metadata-ligne-courte": (
        {"note.txt": NOTE, "metadata.csv": "id,lieu,annee\nnote,Foyer\n"},
        [("metadata.csv", 2)],
        {"note.txt": NOTE, "metadata.csv": "id,lieu,annee\nnote,Foyer,\n"},
    ),
    "metadata-colonne": (
        {"note.txt": NOTE, "metadata.csv": "id,année d’entretien\nnote,2024\n"},
        [("metadata.csv", 1)],
        {"note.txt": NOTE, "metadata.csv": META},
    ),
    "metadata-premiere-colonne": (
        {"note.txt": NOTE, "metadata.csv": "fichier,annee\nnote,2024\n"},
        [("metadata.csv", 1)],
        {"note.txt": NOTE, "metadata.csv": META},
    ),
    "metadata-separateur": (
        {"note.txt": NOTE, "metadata.csv": "id;annee\nnote;2024\n"},
        [("metadata.csv", 1)],
        {"note.txt": NOTE, "metadata.csv": META},
    ),
    "metadata-extension": (
        {"note.txt": NOTE, "metadata.csv": "id,annee\nnote.txt,2024\n"},
        [("metadata.csv", 2)],
        {"note.2024.txt": NOTE, "metadata.csv": "id,annee\nnote.2024,2024\n"},
    ),
    "metadata-espaces": (
        {"note.txt": NOTE, "metadata.csv": "id,lieu\nnote  ,Foyer \n"},
        [("metadata.csv", 2)],
        {"note.txt": NOTE, "metadata.csv": "id,lieu\nnote,Le foyer\n"},
    ),
    "metadata-tableur": (
        {"note.txt": NOTE, "metadata.csv": "id,code,lieu,duree\nnote,1E+05,#REF!,03-avr\n"},
        [("metadata.csv", 2)] * 3,
        {"note.txt": NOTE, "metadata.csv": "id,code,lieu,duree\nnote,E05,#salon,3 avril\n"},
    ),
    "metadata-dates": (
        {"a.txt": NOTE, "b.txt": TALK, "metadata.csv": "id,le\na,2024-01-31\nb,31/01/2024\nc,2024-02-01\n"},
        [("metadata.csv", 3)],
        {"note.txt": NOTE, "b.txt": ENGLISH, "metadata.csv": "id,le\nnote,30/01/2024\nb,31/01/2024\n"},
    ),
    "locuteurs-illisible": (
        {"e.txt": TALK, "speakers.csv": "document,nom\ne,x\n"},
        [("speakers.csv", None)],
        {"e.txt": TALK, "speakers.csv": "document,speaker,role\ne,Alix,enquêté\n"},
    ),
    "locuteurs-ligne-inutile": (
        {"e.txt": TALK, "speakers.csv": "document,speaker,role\ne,Alix,enquêté\ne,Noor,enquêté\n"},
        [("speakers.csv", 3)],
        {"e.txt": TALK, "speakers.csv": "document,speaker,role\ne,ALIX,enquêté\n,Chercheuse,enquêteur\n"},
    ),
    "locuteurs-ligne-repetee": (
        {"e.txt": TALK, "speakers.csv": "document,speaker,role\ne,Alix,enquêté\ne,alix,enquêteur\n"},
        [("speakers.csv", 3)],
        {"e.txt": TALK, "speakers.csv": "document,speaker,role\ne,Alix,enquêté\n"},
    ),
    "tableau-colonne-texte": (
        {"t.csv": "a;b\n1;2\n", "n.txt": NOTE},
        [("t.csv", 1)],
        {"t.csv": "a;texte\n1;On parle du projet.\n"},
    ),
    "tableau-guillemets": (
        {"t.csv": 'id,text\n1,"Le "grand" foyer ouvre."\n'},
        [("t.csv", None)],
        {"t.csv": 'id,text\n1,"Le ""grand"" foyer ouvre."\n'},
    ),
    "tableau-id-repete": (
        {
            "t.csv": 'id,text\n1,"On parle,\nlongtemps."\n2,On écoute.\n1,On attend.\n',
            "u.jsonl": '{"id": "a", "text": "On écrit."}\n\n{"id": "a", "text": "On lit."}\n',
        },
        [("t.csv", 5), ("u.jsonl", 3)],
        {"t.csv": "id,text\n1,On parle.\n2,On écoute.\n", "u.csv": "text\nOn écrit.\nOn lit.\n"},
    ),
    "tableau-ids-repetes": (
        {"t.xlsx": workbook(("id", "text"), ("1", "On parle."), ("1", "On écoute."))},
        [("t.xlsx", None)],
        {"t.xlsx": workbook(("id", "text"), ("1", "On parle."), ("2", "On écoute."))},
    ),
    "tableau-texte-vide": (
        {"t.csv": "id,text\n1,On parle.\n2,\n3,On écoute.\n"},
        [("t.csv", 3)],
        {"t.csv": "id,text,lieu\n1,On parle.,\n"},
    ),
    "tableau-ligne-illisible": (
        {"t.csv": "id,text\n1,On parle, longtemps.\n2,On écoute.\n", "u.jsonl": '{"text": "On lit."}\n{"text": \n'},
        [("t.csv", 2), ("u.jsonl", 2)],
        {"t.csv": 'id,text\n1,"On parle, longtemps."\n', "u.jsonl": '{"text": "On lit."}\n'},
    ),
    "tableau-ligne-courte": (
        {"t.csv": "id,text,lieu\n1,On parle.\n2,On écoute.,IME\n"},
        [("t.csv", 2)],
        {"t.csv": "id,text,lieu\n1,On parle.,\n"},
    ),
    "tableau-texte-coupe": (
        {"t.csv": f"id,text\n1,On parle.\n2,{CUT}\n"},
        [("t.csv", 3)],
        {"t.csv": f"id,text\n1,{CUT}é\n"},
    ),
    "document-en-double": (
        {"a.md": f"# Réunion\n\n{NOTE}", "b.txt": f"Réunion\n\n{NOTE}"},
        [("b.txt", None)],
        {"a.md": NOTE, "b.txt": TALK},
    ),
    "texte-repete": (
        {"t.csv": f'id,text\n1,"{NOTE.strip()}"\n2,On écoute.\n3,"{NOTE.strip()}"\n'},
        [("t.csv", 6)],
        {"t.csv": "id,text\n1,Rien à ajouter.\n2,Rien à ajouter.\n"},
    ),
    "paragraphe-repete": (shared(4, FORMULA), [("t0.txt", 3)], shared(2, FORMULA)),
    "langue-autre": ({"a.txt": ENGLISH, "n.txt": NOTE}, [("a.txt", None)], {"a.txt": NOTE + "\nThe end.\n"}),
    "langue-melee": (
        {"a.txt": f"{ENGLISH}\n{ENGLISH}\n{NOTE}"},
        [("a.txt", None)],
        {"a.txt": f"{NOTE}\n{TALK.replace(':', ',')}\n{ENGLISH}"},
    ),
    "etiquette-fautive": (
        {"e.txt": TALK + "Cherheuse : Et ensuite, que se passe-t-il ?\nAlix : On recommence.\n"},
        [("e.txt", 13)],
        {"e.txt": TALK},
    ),
    "etiquette-variante": (
        {"e.txt": TALK + "CHERCHEUSE : Et ensuite ?\nAlix : On recommence.\n"},
        [("e.txt", 1)],
        {"e.txt": TALK},
    ),
    "etiquette-unique": (
        {"e.txt": "Légende\nNoor : une collègue\n\n" + TALK + "Noor : Bonjour à tous les deux, je passe.\n"},
        [("e.txt", 16)],
        {"e.txt": TALK},
    ),
    "role-devine": (
        {"e.txt": TALK.replace("Chercheuse", "Camille")},
        [("e.txt", 1)],
        {"e.txt": TALK},
    ),
    "role-inconnu": (
        {"e.txt": "".join(f"Camille : {LONG_ANSWER}\nAlix : {LONG_ANSWER}\n" for _ in range(6))},
        [("e.txt", 1)],
        {"e.txt": TALK},
    ),
    "enqueteur-absent": (
        {"e.txt": "".join(f"Enquêté 1 : {LONG_ANSWER}\nEnquêté 2 : {LONG_ANSWER}\n" for _ in range(6))},
        [("e.txt", None)],
        {"e.txt": TALK},
    ),
    "locuteurs-nombreux": (
        {"e.txt": "".join(f"Locuteur {n} : {LONG_ANSWER}\n" for _ in range(3) for n in range(1, 13))},
        [("e.txt", None)],
        {"e.txt": "".join(f"Locuteur {n} : {LONG_ANSWER}\n" for _ in range(3) for n in range(1, 10))},
    ),
    "locuteur-rare": (
        {"e.txt": TALK * 2 + "Noor : Oui.\nAlix : Voilà.\nNoor : Non.\n"},
        [("e.txt", 25)],
        {"e.txt": TALK * 2},
    ),
    "tour-long": (
        {"e.txt": TALK + f"Chercheuse : Autre chose ?\nAlix : {LONG_ANSWER * 40}\n"},
        [("e.txt", 14)],
        {"e.txt": TALK + f"Chercheuse : Autre chose ?\nAlix : {LONG_ANSWER * 12}\n"},
    ),
    "tour-vide": (
        {"e.txt": TALK + "Chercheuse : Autre chose ?\nAlix :\nChercheuse : Merci à vous.\n"},
        [("e.txt", 14)],
        {"e.txt": TALK + "Chercheuse : Autre chose ?\nAlix :\n(silence)\nChercheuse :\nMerci.\n"},
    ),
    "hors-parole": (
        {"e.txt": "Date : 3 mars 2024\nLieu : Caen\n\n" + TALK},
        [("e.txt", 1)],
        {"e.txt": TALK},
    ),
    "identite-telephone": (
        {"e.txt": TALK + "Chercheuse : Un numéro ?\nAlix : C’est le 02 31 00 00 00, le soir.\n"},
        [("e.txt", 14)],
        {"e.txt": TALK, "n.txt": NOTE + "Contact : 02 31 00 00 00.\n"},
    ),
    "identite-courriel": ({"e.txt": TALK + "Alix : C’est alix@exemple.fr.\n"}, [("e.txt", 13)], {"e.txt": TALK}),
    "identite-naissance": ({"e.txt": TALK + "Alix : Je suis née le 3/4/1971.\n"}, [("e.txt", 13)], {"e.txt": TALK}),
    "identite-adresse": ({"e.txt": TALK + "Alix : J’habite 12 rue Basse.\n"}, [("e.txt", 13)], {"e.txt": TALK}),
    "identite-nir": ({"e.txt": TALK + "Alix : 2 71 04 14 118 001.\n"}, [("e.txt", 13)], {"e.txt": TALK}),
    "identite-autre": ({"e.txt": TALK + "Alix : Une plaque, AB-123-CD.\n"}, [("e.txt", 13)], {"e.txt": TALK}),
    "identite-nom": (
        {"e.txt": TALK + "Alix : J’ai vu Mme Essai et monsieur Letest.\n"},
        [("e.txt", 13)],
        {"e.txt": TALK + "Alix : J’ai vu Mme X, Mme B., madame la présidente et Monsieur le Maire.\n"},
    ),
    "identite-etiquette": (
        {
            "e.txt": TALK.replace("Alix", "Claire Essai"),
            "f.docx": word_file(*TALK.replace("Alix", "Mme Essai").replace("On prend", "Je prends").split("\n")),
        },
        [("e.txt", 2), ("f.docx", None)],
        {"e.txt": TALK.replace("Alix", "Participante 2"), "f.txt": TALK.replace("Alix", "Mme D.")},
    ),
}  # fmt: skip

# Rules that another test covers: IRaMuTeQ's defects, and files that cannot be made here.
ELSEWHERE = {code for code in rules() if code.startswith("iramuteq-")} | {"fichier-trop-gros", "fichier-inaccessible"}


def test_every_rule_has_a_case() -> None:
    assert set(CASES) | ELSEWHERE == set(rules())


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_finds_what_breaks_it(rule: str, tmp_path: Path) -> None:
    bad, places, good = CASES[rule]
    found = checked(write(tmp_path / "bad", bad))
    told = [(one.file, one.line) for one in found if one.rule == rule]
    assert told == places
    assert not [one for one in checked(write(tmp_path / "good", good)) if one.rule == rule]


def test_a_sound_corpus_has_no_finding(tmp_path: Path) -> None:
    files = {"note.txt": NOTE, "entretien.txt": TALK, "corpus.txt": STARS}
    files["metadata.csv"] = '"id","annee"\n"note","2024"\n"entretien","2023"\n'
    assert checked(write(tmp_path / "c", files)) == ()


# --- IRaMuTeQ ------------------------------------------------------------------------------------------

DEFECTS = {
    "\ufeff" + STARS: ("iramuteq-bom", 1),
    "Préface.\n" + STARS: ("iramuteq-texte-avant", 1),
    STARS.replace("\n**** ", "\n **** "): ("iramuteq-espace-avant", 4),
    STARS.replace("*annee_2024", "* *annee_2024"): ("iramuteq-etoile-isolee", 1),
    STARS.replace(" *annee_2024", "*annee_2024"): ("iramuteq-variables-collees", 1),
    STARS.replace("IME", "IME Nord"): ("iramuteq-espace-valeur", 1),
    STARS.replace("IME", "IME-Nord"): ("iramuteq-tiret", 1),
    STARS.replace("*annee_2024", "*annee_2024 *annee_2025"): ("iramuteq-variable-repetee", 1),
    STARS.replace("annee_2024", "annee_"): ("iramuteq-valeur-vide", 1),
    STARS.replace("On coche", "-*mon thème\nOn coche"): ("iramuteq-theme-espace", 2),
    STARS.replace("On coche", "*Titre\nOn coche"): ("iramuteq-ligne-etoilee", 2),
    STARS.replace("cases", "cases*"): ("iramuteq-etoile-texte", 2),
    STARS.replace("Elle part demain.", ""): ("iramuteq-texte-vide", 4),
    STARS.replace("IME", "Évry"): ("iramuteq-accent", 1),
    STARS.replace("2024\n", "2024 \n"): ("iramuteq-espace-fin", 1),
    STARS.replace(" *annee_2023", ""): ("iramuteq-variable-absente", 4),
    STARS.replace("cases.\n", "cases.\r\n"): ("iramuteq-fins-de-ligne", 2),
}
UNFIXABLE = {"iramuteq-texte-avant", "iramuteq-texte-vide", "iramuteq-variable-absente"}


@pytest.mark.parametrize("text", DEFECTS, ids=[rule for rule, _ in DEFECTS.values()])
def test_a_defect_of_an_iramuteq_corpus_is_told_once_and_mended(text: str, tmp_path: Path) -> None:
    rule, line = DEFECTS[text]
    found = checked(write(tmp_path / "c", {"c.txt": text}))
    assert (rule, line) in [(one.rule, one.line) for one in found]
    assert {one.rule for one in found} <= {rule, "iramuteq-variable-absente"}, "said by another rule as well"
    fixable = {one.rule for one in found if one.fix}
    assert fixable == ({rule} - UNFIXABLE)
    again = corrected("c.txt", text.encode(), ())
    assert {rule_of_defect()[defect.rule] for defect in find_defects(again)} <= UNFIXABLE


def test_every_defect_has_its_rule_with_the_same_severity() -> None:
    known = read_toml("lexicometry.toml")["iramuteq"]["defects"]
    assert {defect: rules()[code].severity for defect, code in rule_of_defect().items()} == {
        defect: entry["level"] for defect, entry in known.items()
    }
    told = {rule for rule, _ in DEFECTS.values()} | {"iramuteq-entete-collee"}
    assert told == {code for code in rules() if code.startswith("iramuteq-")}


def test_a_corrected_header_keeps_what_it_said() -> None:
    bad = (
        " **** *type_article scientifique *état-civil_marié *date_ *lieu_Évry*rang_2-3 *lieu_Caen \n"
        "-*vie en foyer\n**Elle** dit 5*3, *puis* part.\n"
        "****lieu_IME\nIl reste.\n**** E03 *lieu_CHRS\n* Il sort.\n*****\nFin.\n"
    )
    assert corrected_iramuteq(bad) == (
        "**** *type_article_scientifique *etatcivil_marie *lieu_Evry *rang_2_3\n"
        "-*vie_en_foyer\nElle dit 5 3, puis part.\n"
        "**** *lieu_IME\nIl reste.\n**** *texte_E03 *lieu_CHRS\n Il sort.\n\nFin.\n"
    )


def test_a_corpus_marked_by_numbers_keeps_its_marks() -> None:
    bad = "0001 *lieu_IME-Nord\nUn* jour.\n0002 *lieu_CHRS *date_\nDeux jours.\n"
    assert corrected_iramuteq(bad) == "0001 *lieu_IME_Nord\nUn jour.\n0002 *lieu_CHRS\nDeux jours.\n"


WORDS = st.lists(
    st.sampled_from(["équipe", "*", "le", "l’usager*", "5*3", "-", "foyer", "****", "_grille_", "a*b*", "*note"]),
    max_size=6,
).map(" ".join)
TOKENS = st.lists(
    st.sampled_from(
        [
            "*lieu_IME",
            "*lieu_",
            "*",
            "*date_2-3",
            "*état_marié",
            "Nord",
            "*a_1*b_2",
            "*lieu_CHRS",
            "*Année_x",
            "-",
            "*x",
        ]
    ),
    max_size=5,
).map(" ".join)
TEXTS = st.lists(
    st.tuples(st.sampled_from(["", " ", "\t"]), TOKENS, st.sampled_from(["", " "]), st.lists(WORDS, max_size=4)),
    min_size=1,
    max_size=4,
)


@given(TEXTS, st.sampled_from(["", "\ufeff"]), st.sampled_from(["\n", "\r\n"]))
@settings(max_examples=150, deadline=None)
def test_a_corrected_corpus_passes_and_loses_no_word(texts: list, mark: str, end: str) -> None:
    """The first star line is sound, so that the corpus is one; then anything may come."""
    lines = ["**** *lieu_SAVS", "Premier texte."]
    body = ["Premier texte."]
    for before, tokens, after, words in texts:
        lines.append(f"{before}**** *titre_t {tokens}{after}")
        lines += words
        body += words
    data = (mark + "\n".join(lines)).replace("\n", end, 1).encode()
    fixed = corrected("c.txt", data, ())
    left = {rule_of_defect()[defect.rule] for defect in find_defects(fixed)}
    assert left <= UNFIXABLE
    said = [line for line in fixed.decode().split("\n") if not line.startswith("****")]
    kept = [line for line in body if not re.match(r"\*{4}(?: \*\S|$)", line)]  # what came out as another star line
    assert re.findall(r"\w+", " ".join(said)) == re.findall(r"\w+", " ".join(kept))
    assert corrected("c.txt", fixed, ()) == fixed


# --- what findings say ---------------------------------------------------------------------------------


def test_no_word_of_the_corpus_is_quoted(tmp_path: Path) -> None:
    canary = "Zzcanari"
    files = {
        "e.txt": TALK.replace("Alix", f"{canary} Essai") + f"{canary} Esai : Oui, Mme {canary}.\n",
        "c.txt": f"**** *nom_{canary} {canary} *a-b_{canary}\n{canary}* part.\n",
        "t.csv": f"id,text,{canary}\n{canary},{canary} parle.,x\n{canary},,\n",
        "u.jsonl": f'{{"{canary}": \n',
        "x.csv": f"{canary},b\n1,2\n",
        "metadata.csv": f"id,{canary} é\n{canary},{canary} \n{canary},#REF!\ne,1,{canary}\n",
        "speakers.csv": f"document,speaker\ne,{canary}z\n",
        "p.pdf": f"%PDF-1.4 {canary}",
    }
    for one in checked(write(tmp_path / "c", files)):
        assert canary.lower() not in f"{one.sentence} {one.fix} {one.file}".lower(), one.rule


def test_findings_are_in_order_and_the_same_whatever_the_order_of_the_files(tmp_path: Path) -> None:
    files = {"b.txt": "\ufeffUne note.\r\nDeux.\n", "a.txt": "L’Ã©quipe.\n\x01\n", "z/c.txt": "", **shared(3, FORMULA)}
    first = checked(write(tmp_path / "one", files))
    second = checked(write(tmp_path / "two", dict(reversed(files.items()))))
    assert first == second
    assert [(one.file, one.line or 0, one.rule) for one in first] == sorted(
        (one.file, one.line or 0, one.rule) for one in first
    )


def test_a_file_in_an_archive_is_checked_but_not_mended(tmp_path: Path) -> None:
    inside = {
        "n.txt": NOTE.encode("cp1252"),
        "c.txt": STARS.replace("IME", "IME-Nord"),
        "t.csv": "id,lieu,text\n1,IME,On parle.\n2,CHRS,\n",
        "vide.txt": "",
        "metadata.csv": "id;le\nn;1\nm;2\n",
    }
    found = checked(write(tmp_path / "c", {"a.zip": zipped(inside)}))
    assert {(one.file, one.line, one.rule) for one in found} == {
        (".", None, "encodages-melanges"),
        ("a.zip/c.txt", 1, "iramuteq-tiret"),
        ("a.zip/metadata.csv", 1, "metadata-separateur"),
        ("a.zip/metadata.csv", 3, "metadata-ligne-sans-texte"),
        ("a.zip/n.txt", None, "encodage-non-utf8"),
        ("a.zip/t.csv", 3, "tableau-texte-vide"),
        ("a.zip/vide.txt", None, "fichier-vide"),
    }
    assert not [one for one in found if one.fix]


def test_a_place_without_line_is_told_by_its_turn(tmp_path: Path) -> None:
    lines = (TALK + "Chercheuse : Et après ?\nAlix : J’appelle Mme Essai.\n").split("\n")
    found = checked(write(tmp_path / "c", {"e.docx": word_file(*lines)}))
    assert [one.sentence[-9:] for one in found if one.rule == "identite-nom"] == ["(tour\u00a014)"]


def test_an_unreadable_file_is_a_finding(tmp_path: Path) -> None:
    folder = write(tmp_path / "c", {"n.txt": NOTE})
    (folder / "x.txt").mkdir()
    (folder / "lien.txt").symlink_to(folder / "absent.txt")
    assert [(one.file, one.rule) for one in checked(folder)] == [("lien.txt", "fichier-inaccessible")]


# --- corrected copies ----------------------------------------------------------------------------------

TO_MEND: Files = {
    "c/iramuteq.txt": "\ufeff**** *lieu_IME-Nord *date_\nOn* coche.\r\n**** *lieu_CHRS \nElle part.\n",
    "c/ancien.txt": NOTE.encode("cp1252"),
    "c/abime.md": "L’Ã©quipe a discutÃ© du projet avec les familles.\n",
    "c/controle.txt": "L\u0092équipe\x01se réunit chaque semaine au foyer.\r\nElle parle.\n",
    "c/entretien.txt": TALK + "Cherheuse : Et ensuite, que se passe-t-il ?\nAlix : On recommence.\n",
    "c/sain.txt": "Les personnes accueillies préparent le repas avec deux collègues.\r\n",
    "c/double.md": "Les personnes accueillies préparent le repas avec deux collègues.\n",
    "c/vide.txt": "\n",
    "c/~$verrou.docx": b"x",
    "c/lettre.docx": word_file("Nous avons reçu votre lettre et nous vous en remercions vivement."),
    "metadata.csv": "fichier;année \nc/ancien.txt;2024 \nc/abime.md;2023\n",
}


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def fix(source: Path, copy: Path) -> ExitStatus:
    return run([str(source)], Options(), "json", copy.parent / "findings.json", fix=copy, quiet=True)


def test_a_corrected_copy_has_none_of_the_findings_that_it_fixes(tmp_path: Path) -> None:
    source, copy = write(tmp_path / "corpus", TO_MEND), tmp_path / "copie"
    before = hashes(source)
    wrong = {(one.file, one.rule) for one in checked(source) if one.fix}
    assert len({rule for _, rule in wrong}) >= 16
    assert fix(source, copy) == ExitStatus.CHECK_FAILED
    assert hashes(source) == before, "the originals are never touched"
    assert wrong.isdisjoint({(one.file, one.rule) for one in checked(copy)})
    after = hashes(copy)
    assert set(before) - set(after) == {"c/vide.txt", "c/~$verrou.docx", "c/sain.txt"}
    assert after["c/lettre.docx"] == before["c/lettre.docx"]
    assert after["c/double.md"] == before["c/double.md"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in copy.rglob("*") if path.is_file()} == {0o600}


def test_corrected_texts_say_the_same(tmp_path: Path) -> None:
    source, copy = write(tmp_path / "corpus", TO_MEND), tmp_path / "copie"
    fix(source, copy)
    read = {path.name: path.read_bytes().decode("utf-8") for path in copy.rglob("*.*") if path.suffix != ".docx"}
    assert read["ancien.txt"] == NOTE
    assert read["abime.md"] == "L’équipe a discuté du projet avec les familles.\n"
    assert read["controle.txt"] == "L’équipe se réunit chaque semaine au foyer.\nElle parle.\n"
    assert read["entretien.txt"] == TALK + "Chercheuse : Et ensuite, que se passe-t-il ?\nAlix : On recommence.\n"
    assert read["iramuteq.txt"] == "**** *lieu_IME_Nord\nOn coche.\n**** *lieu_CHRS\nElle part.\n"
    assert read["metadata.csv"] == '"id","annee"\n"c/ancien","2024"\n"c/abime","2023"\n'


def test_metadata_with_two_names_keeps_both_and_a_broken_one_is_left_alone(tmp_path: Path) -> None:
    files = {"note.txt": NOTE, "metadata.csv": "id;file;Métier\nE1;note.txt;éducatrice\n"}
    source = write(tmp_path / "corpus", files)
    fix(source, tmp_path / "copie")
    assert (tmp_path / "copie/metadata.csv").read_text(
        "utf-8"
    ) == '"id","identifiant","Metier"\n"note","E1","éducatrice"\n'
    broken = write(tmp_path / "autre", {**files, "metadata.csv": "id;lieu\nnote;Foyer;Caen\n"})
    fix(broken, tmp_path / "copie2")
    assert (tmp_path / "copie2/metadata.csv").read_bytes() == (broken / "metadata.csv").read_bytes()


@pytest.mark.parametrize("place", ["corpus", "corpus/copie", "plein"])
def test_a_copy_among_the_texts_or_over_something_is_refused(place: str, tmp_path: Path) -> None:
    source = write(tmp_path / "corpus", {"n.txt": NOTE})
    write(tmp_path / "plein", {"autre.txt": "À garder."})
    before = hashes(tmp_path)
    with pytest.raises(TensionsError):
        run([str(source)], Options(), "json", None, fix=tmp_path / place, quiet=True)
    assert hashes(tmp_path) == before


def test_two_files_of_one_name_refuse_the_whole_copy(tmp_path: Path) -> None:
    one, two = write(tmp_path / "a", {"n.txt": NOTE}), write(tmp_path / "b", {"n.txt": ENGLISH})
    with pytest.raises(TensionsError):
        run([str(one), str(two)], Options(), "json", None, fix=tmp_path / "copie", quiet=True)
    assert not (tmp_path / "copie").exists()


def test_statuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def status(*sources: str) -> ExitStatus:
        return run(list(sources), Options(), "json", None, fix=None, quiet=True)

    warned = write(tmp_path / "w", {"a.txt": NOTE.encode("cp1252")})
    wrong = write(tmp_path / "e", {"a.txt": NOTE, "b.txt": ""})
    assert status(str(warned)) == ExitStatus.DONE
    assert status(str(wrong)) == ExitStatus.CHECK_FAILED
    for absent in (str(tmp_path / "rien"), "-"):
        with pytest.raises(TensionsError) as error:
            status(absent)
        assert error.value.status == ExitStatus.UNUSABLE_INPUT
    assert capsys.readouterr().err == ""
