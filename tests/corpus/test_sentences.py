"""Sentence boundaries: each case is written by hand, `|` marks the cuts that French usage asks for."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tensions_cli.corpus.sentences import clause_units, inner_marks, sentence_spans
from tensions_cli.words import count_words

CASES = {
    # plain ends
    "full stops": "L’équipe se réunit le lundi.| Elle parle des situations.| Puis chacun repart.",
    "question": "Vous travaillez ici depuis longtemps ?| Oui, depuis onze ans.",
    "exclamation with NBSP": "On court partout\u00a0!| Personne ne s’assoit.",
    "question and exclamation apart": "Vous plaisantez ? !| Pas du tout.",
    "question and exclamation joined": "Et la grille ?!| Elle est restée vide.",
    "no final mark": "La réunion commence.| On attend la cheffe",
    "one sentence": "Le siège demande des chiffres.",
    "missing space": "On manque de temps pour l’équipe.|Le budget baisse.",
    "missing space after a question": "Vous venez?|Non merci.",
    "capital with accent": "Elle a fini.| À midi elle repart.| Économe, elle marche.",
    "decomposed accent": "Elle a fini.| E\u0301crire prend une heure.",
    "digit after a full stop": "La tournée est longue.| 19 villages la jalonnent.",
    "year before a full stop": "Le foyer date de 1974.| Qui s’en souvient ?",
    # abbreviations
    "M.": "Nous avons reçu M. Kerjean hier.| Il allait mieux.",
    "MM. and Mme": "MM. Alain et Brun saluent Mme. Chauvet.| Elle sort.",
    "Dr and Pr": "Le Dr. Morin et le Pr. Vidal étaient là.| On les a écoutés.",
    "Me and Mgr": "Me. Lebon a plaidé.| Mgr. Duval a béni la salle.",
    "Ste": "La résidence Ste. Marthe ouvre.| On y dort bien.",
    "cf.": "La charte est claire (cf. Annexe 2).| On la signe.",
    "p. and pp.": "Voir p. 12 et pp. 30-34.| Le tableau y figure.",
    "p. roman": "Lire p. XII de la préface.| Tout y est.",
    "art. and code": "Selon l’art. L. 312-1 du code, le service est autorisé.| La suite dit comment.",
    "code at the end": "Le service relève de l’art. L. 312-1.| Il est autorisé.",
    "art. with letter code": "L’art. R. 241-12 et l’art. 5 disent tout.| On les relit.",
    "art as a word": "Écouter est un art.| Elle le pratique.",
    "etc. before lower case": "Les grilles, les bilans, etc. prennent la matinée.",
    "etc. before a capital": "Il y a les grilles, les bilans, etc.| La matinée y passe.",
    "etc. before a comma": "Les repas, les lits, etc., tout est compté.| Tout.",
    "et al.": "Comme le montrent Roy et al. dans leur enquête, on triche.| Un peu.",
    "et al. at the end": "Nous suivons Roy et al.| Leur enquête dure trois ans.",
    "p. ex.": "On compte tout, p. ex. Noël et les fêtes.| C’est absurde.",
    "c.-à-d.": "Le soir, c.-à-d. Quand tout dort, elle écrit.| Longtemps.",
    "tél.": "Accueil : tél. 02 00 00 00 00.| Demander Lucie.",
    "av. J.-C.": "La cité date de 300 av. J.-C.| Les fouilles continuent.",
    "op. cit.": "Roy, op. cit., p. 8.| Le passage est connu.",
    "month": "La visite du 3 sept. 2021 a compté.| Elle fut brève.",
    "éd. and dir.": "Ouvrage collectif (dir. Paul Roy, éd. Lune).| Il coûte cher.",
    "av. street": "Le foyer est 4 av. Foch.| Il est grand.",
    "vs": "On oppose souvent soin vs. Contrôle.| À tort.",
    "unknown lower-case after a full stop": "on a fait la toilette.| et puis on est reparties.| voilà.",
    "abbreviation without vowel": "Il y a bcp. de retards.| Trop.",
    # initials, acronyms, numbers
    "first name": "Un livre de J. Dupont est posé là.| Personne ne le lit.",
    "compound first name": "On cite J.-P. Martin et M.-C. Roy.| Puis on oublie.",
    "particle name": "Le rapport de J. Le Bihan circule.| Il dérange.",
    "elided name": "Le rapport de P. L’Hermitte circule.| Il dérange.",
    "anonymised name": "J’étais chez madame R.| Elle dormait.",
    "anonymised name in mid-sentence": "Monsieur B. range ses outils.| Sa sœur l’attend.",
    "anonymised M": "J’étais chez madame M.| Elle dormait.",
    "anonymised then article": "J’ai vu Mme P.| Le soir tombait.",
    "dotted acronym": "Elle travaille en E.H.P.A.D. depuis mars.| Elle tient.",
    "dotted acronym at the end": "Elle travaille en E.H.P.A.D.| Elle tient.",
    "dotted acronym and name": "L’E.H.P.A.D. Les Tilleuls ferme.| On pleure.",
    "plain acronym": "Le dossier part à la MDPH.| Elle répond en juin.",
    "n°": "La chambre n° 12 est vide.| On aère.",
    "n° at the end": "Elle dort au n° 12.| On aère.",
    "decimal point": "Le ratio est de 3.5 par lit.| C’est peu.",
    "decimal comma": "Le ratio est de 3,5 par lit.| C’est peu.",
    "ordinal": "Les 1er, 2e et XIXe se suivent.| Le 3e manque.",
    "list number": "1. Le projet est écrit.| 2. Il est signé.",
    "roman list number": "II. Le cadre de l’enquête",
    "dotted list number": "2.1. Les équipes sont réduites.| On recrute.",
    "list letter": "a. Le repas.| B. Le coucher.",
    "hours": "On commence à 8 h. 30 le matin.| On finit tard.",
    "hours at the end": "On finit à 22 h.| Les bus sont passés.",
    # addresses, files
    "file name": "Le fichier bilan.docx est perdu.| On cherche.",
    "upper-case extension": "Ouvrez BILAN.PDF ou notes.Final.txt avant midi.| Merci.",
    "address": "Voir https://exemple.fr/page?Id=3 pour la suite.| Merci.",
    "e-mail": "Écrire à accueil@foyer.exemple.fr.| On répond vite.",
    "site": "Tout est sur www.exemple.org.| Cherchez bien.",
    # inclusive writing
    "inclusive dots": "Les usager.e.s votent.| Les directeurs.trices écoutent.",
    "inclusive at the end": "On a consulté les usager.e.s.| Ils et elles ont voté.",
    "inclusive middle dot": "Chaque éducateur·rice·s compris, on vote.| Puis on rit.",
    "inclusive brackets": "Les professionnel(le)s comptent.| On les écoute.",
    "inclusive capital after": "Merci à chacun.e.| Le repas est servi.",
    # guillemets, brackets
    "closing guillemet": "« On manque de bras ! »| Elle se tait.",
    "closing guillemet with NBSP": "«\u00a0On manque de bras.\u00a0»| Elle se tait.",
    "narrow space": "«\u202fOn manque de bras\u202f!\u202f»| Elle se tait.",
    "attribution after exclamation": "« On manque de bras ! », dit-elle.| Puis elle sort.",
    "attribution after question": "« Vous avez fini ? » demande la cheffe.| Non.",
    "attribution after full stop": "« Je pars. » dit-il en souriant.| Il reste.",
    "attribution in brackets": "« Il dormait.| J’ai attendu. » (Éducatrice, 34 ans)",
    "attribution then text": "« J’ai attendu. » (Éducatrice, 34 ans)| Ce mot revient.",
    "sentences inside a quotation": "Elle dit : « Je pars.| Je reviens. »| Elle part.",
    "straight quotes": 'Elle dit "non."| Puis "oui."| Enfin rien.',
    "curly quotes": "Il répond “jamais !”| Elle sourit.",
    "bracket": "On signe (c’est la règle).| On repart.",
    "sentence in brackets": "On signe.| (C’est la règle.)| On repart.",
    "mark inside a bracket": "Le bilan (enfin !) Paul l’a signé.",
    "two marks inside a bracket": "Le bilan (Attention ! Danger) reste là.| On le lit.",
    "remark": "Je ne sais pas. (rires)| Enfin si.",
    "remark in square brackets": "C’est long ! [soupir]| On attend.",
    "note call": "Le lien prime.[3]| Le reste suit.",
    "glued note call": "Le lien prime.2| Le reste suit.",
    "superscript": "Le lien prime.²| Le reste suit.",
    "emoji": "Merci à tous ! 😀| À demain.",
    # ellipses
    "ellipsis before lower case": "Je me dis… enfin bon… on verra.",
    "ellipsis before a capital": "Je me dis…| On verra.",
    "three dots before lower case": "Je me dis... on verra.",
    "three dots before a capital": "Je me dis...| On verra.",
    "bracketed ellipsis before a capital": "On manque de lits […]| Le siège le sait.",
    "bracketed ellipsis before lower case": "On manque de lits […] depuis longtemps.",
    "mark before a bracketed ellipsis": "Quelle fatigue ! […]| La cheffe hausse les épaules.",
    "ellipsis and digit": "Il y en a… 34 peut-être.",
    # marks that do not end
    "colon": "Une règle : Ne jamais courir.| Elle tient.",
    "semicolon": "On écoute ; On note.",
    "exclamation inside": "Ah ! si on savait.| On ne sait pas.",
    "question inside": "Pourquoi ? parce que c’est écrit.",
    "incise": "Elle – notamment ! – a signé.| Les autres non.",
    # dialogue and lines
    "dialogue dashes": "— Vous venez ?| — Oui, j’arrive.| — Bien.",
    "hard wrap": "La réunion commence\nà neuf heures.| Elle finit\ntard.",
    "hard wrap after a full stop": "La réunion commence.|\nElle finit tard.",
    "hard wrap before a capital": "La réunion de\nParis commence.",
    "bullets": "Il faut :|\n• du temps|\n• des mains",
    "dashes as bullets": "Il faut :|\n- du temps ;|\n- des mains.",
    "numbers as bullets": "Il faut :|\n1) du temps ;|\n2) des mains.",
    "wrapped number": "Ils sont au nombre de\n12.| Les autres partent.",
    "wrapped initial": "Un livre de\nJ. Dupont est posé.",
    "blank line": "Premier paragraphe|\n\nSecond paragraphe",
}


def cuts(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.parametrize("marked", CASES.values(), ids=CASES.keys())
def test_french_cuts(marked: str) -> None:
    expected = [part.strip() for part in marked.split("|")]
    assert cuts(marked.replace("|", "")) == expected


@pytest.mark.parametrize("marked", CASES.values(), ids=CASES.keys())
def test_curly_and_straight_apostrophes_cut_alike(marked: str) -> None:
    text = marked.replace("|", "")
    assert sentence_spans(text) == sentence_spans(text.replace("’", "'"))


def test_bounds_are_respected() -> None:
    text = "Avant. On écoute. On note. Après."
    start, end = text.index("On écoute"), text.index(" Après")
    assert [text[a:b] for a, b in sentence_spans(text, start, end)] == ["On écoute.", "On note."]


def test_nothing_comes_from_nothing() -> None:
    assert sentence_spans("") == []
    assert sentence_spans(" \n\u00a0\u202f\t") == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("— … ! «\u00a0»", 0),
        ("l’usager", 2),
        ("l'usager", 2),
        ("aujourd’hui", 2),
        ("3,5", 2),
        ("éducateur·rice·s", 3),
        ("médico-social", 2),
        ("un_mot", 2),
        ("12h30", 1),
        ("La règle n° 12 déjà là", 6),
        ("pro\u00adjet", 1),
    ],
)
def test_words_are_alphanumeric_runs(text: str, words: int) -> None:
    assert count_words(text) == words
    assert count_words(unicodedata.normalize("NFD", text)) == words


def test_words_within_bounds() -> None:
    assert count_words("un deux trois quatre", 3, 13) == 2


# --- clause units ----------------------------------------------------------------------------------


def test_clauses_are_cheaper_to_cut_at_strong_marks() -> None:
    text = "on écoute les gens ; on note, et on rend la feuille, tard parce que le siège attend"
    cost = {text[start:end]: price for start, end, price in clause_units(text, 0, len(text))}
    assert list(cost) == [
        "on écoute les gens ;",
        "on note,",
        "et on rend la feuille,",
        "tard",
        "parce que le siège attend",
    ]
    strong, linked, comma, link, last = cost.values()
    assert strong < linked < comma < link
    assert last == 0


def test_words_without_marks_give_short_units_at_spaces() -> None:
    text = " ".join(f"mot{rank}" for rank in range(100))
    units = clause_units(text, 0, len(text))
    assert all(count_words(text, start, end) <= 20 for start, end, _ in units)
    assert " ".join(text[start:end] for start, end, _ in units) == text


def test_subtitle_edges_are_pauses() -> None:
    text = "on est trois la nuit le matin on est cinq"
    edge = text.index(" le matin")
    assert [text[a:b] for a, b, _ in clause_units(text, 0, len(text), (edge,))] == [
        "on est trois la nuit",
        "le matin on est cinq",
    ]


def test_inner_marks_do_not_count_words_or_the_last_sign() -> None:
    assert inner_marks("on note et on rend la feuille", 0, 29) == 0
    text = "on note, on rend : la feuille."
    assert inner_marks(text, 0, len(text)) == 2


# --- properties ------------------------------------------------------------------------------------

FRAGMENTS = st.sampled_from(
    [
        "l’usager", "Elle", "on", "M.", "Mme", "art.", "L. 312-1", "etc.", "J.-P.", "E.H.P.A.D.", "3,5", "1.",
        "usager.e.s", "E\u0301coute", "(rires)", "[…]", "«", "»", "“", "”", "(", ")", ".", "!", "?", "…",
        "...", ",", ";", ":", "—", "-", "•", "😀", "\u00a0", "\u202f", "\n", "\n\n", "\t", "a.fr", "?!",
        "\u200b", "\x0c", "équipe.Le", "et", "mais", "parce que", '"', "'", "*", "²", "[1]",
    ]
)  # fmt: skip
TEXTS = st.lists(st.tuples(FRAGMENTS, st.sampled_from(["", " ", " ", "\u00a0"])), max_size=40).map(
    lambda parts: "".join(fragment + space for fragment, space in parts)
)


def assert_covers(text: str, start: int, end: int, spans: list[tuple[int, int]]) -> None:
    at = start
    for first, last in spans:
        assert at <= first < last <= end
        assert not text[at:first].strip()
        assert text[first:last] == text[first:last].strip()
        at = last
    assert not text[at:end].strip()


@given(TEXTS, st.integers(0, 60), st.integers(0, 200))
def test_every_visible_character_is_in_one_sentence(text: str, start: int, length: int) -> None:
    start = min(start, len(text))
    end = min(start + length, len(text))
    spans = sentence_spans(text, start, end)
    assert_covers(text, start, end, spans)
    assert spans == sentence_spans(text, start, end)


@given(st.text(max_size=80))
def test_any_text_is_covered(text: str) -> None:
    assert_covers(text, 0, len(text), sentence_spans(text))


@given(TEXTS)
def test_text_after_the_end_changes_nothing(text: str) -> None:
    assert sentence_spans(text + "Suite. Encore.", 0, len(text)) == sentence_spans(text)


@given(TEXTS)
def test_units_cover_the_sentence(text: str) -> None:
    for start, end in sentence_spans(text):
        units = clause_units(text, start, end)
        assert_covers(text, start, end, [(first, last) for first, last, _ in units])
        assert units[-1][2] == 0


def test_a_bracket_never_closed_does_not_swallow_the_text() -> None:
    text = "On note (sans fin. " + "On écoute. " * 100
    assert len(cuts(text)) > 90


# --- data ------------------------------------------------------------------------------------------


def test_data_file_is_well_formed() -> None:
    from tensions_cli.knowledge.files import read_bytes

    rows = [line for line in read_bytes("abbreviations.txt").decode().split("\n") if line and line[0] != "#"]
    assert len(rows) == len(set(rows))
    kinds: dict[str, str] = {}
    for row in rows:
        kind, form = row.split("\t")
        assert form == form.strip().rstrip(".")
        if kind in ("avant", "nombre", "fin"):
            assert kinds.setdefault(form, kind) == kind
        else:
            assert kind in ("civilite", "ouvre", "particule", "lien")
            assert form == form.lower()
