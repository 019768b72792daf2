"""A small codebook with three logics, its lexicon and coded passages: what tests of generality train on."""

import json
from itertools import combinations
from pathlib import Path

CODEBOOK = """\
name = 'trois-mondes'
version = 1
title = 'Trois mondes dans les associations'

[[logics]]
name = 'marchande'
letter = 'V'
said = 'la logique marchande'
question = 'Le passage met en jeu la vente :'
cases = ['prix, clients, concurrence']

[[logics]]
name = 'civique'
letter = 'C'
said = 'la logique civique'
question = 'Le passage met en jeu la décision commune :'
cases = ['assemblée, vote, droits']

[[logics]]
name = 'domestique'
letter = 'D'
said = 'la logique domestique'
question = 'Le passage met en jeu la maison :'
cases = ['famille, anciens, tradition, fidélité']

[relations]
opposition = 'l’une heurte l’autre'
articulation = 'l’une sert l’autre'
juxtaposition = 'rien ne les relie'

[stances]
soutenue = 'défendue'
contestee = 'refusée'

[[axes]]
name = 'place'
title = 'place de chacun'
marchande = 'client, fournisseur'
civique = 'citoyen, élu'
domestique = 'ancien, cadet'

[[rules]]
number = 1
title = 'Le mot ne suffit pas'
text = 'Il faut que la logique agisse.'
"""
LEXICON = """\
kind;name;pole;expression;strength;source
general;;marchande;facturer;2;essai
general;;marchande;client;2;essai
general;;marchande;concurrent;2;essai
general;;civique;voter;2;essai
general;;civique;assemblée;2;essai
general;;civique;délibérer;2;essai
general;;domestique;ancien;2;essai
general;;domestique;tradition;2;essai
general;;domestique;famille;2;essai
axis;place;marchande;client fidèle;3;essai
axis;place;civique;élu du bureau;3;essai
axis;place;domestique;grand-mère du club;3;essai
relation;opposition;;au détriment;3;essai
"""
SAYINGS = {
    "marchande": (
        "On facture la salle au prix du concurrent d’en face.",
        "Le client paie d’abord, on discute ensuite du tarif.",
        "Il a fallu trouver des acheteurs pour nos paniers avant l’hiver.",
        "Le devis part le matin même, sinon le client va ailleurs.",
        "Nous avons perdu le marché contre un concurrent moins cher.",
        "Chaque stage se vend, avec une remise pour le client fidèle.",
        "La recette de la buvette décide de ce qu’on achète.",
        "On a augmenté les prix et perdu un quart des clients.",
    ),
    "civique": (
        "On a voté à main levée, et tout le monde a compté pour un.",
        "L’assemblée a délibéré jusqu’à minuit sur la charte.",
        "Ici chacun a droit à la parole, l’élu du bureau comme le dernier arrivé.",
        "Nous irons le dire au conseil municipal, banderole en tête.",
        "Le mandat du trésorier s’est joué à trois voix près.",
        "Les habitants ont délibéré avant qu’on touche au terrain.",
        "On refuse de trier ceux qui entrent, c’est notre règle commune.",
        "L’assemblée a repoussé la motion, après deux heures de débat.",
    ),
    "domestique": (
        "C’est la grand-mère du club qui dit quand on ferme, et personne ne discute.",
        "Les anciens gardent les clefs, comme leur père avant eux.",
        "Dans cette famille-là, on est bénévole de mère en fille.",
        "La tradition veut que le plus vieux coupe le gâteau.",
        "On ne quitte pas la maison sans prévenir les anciens.",
        "Il tient sa place de son oncle, et il la rendra à son neveu.",
        "Chez nous on se fait confiance parce qu’on se connaît depuis l’enfance.",
        "Les cadets servent, les anciens racontent, c’est la tradition.",
    ),
    "neutre": (
        "Le local se trouve derrière la gare, au premier étage.",
        "Je suis arrivé en mars, il pleuvait beaucoup.",
        "La chaudière a été changée l’an dernier.",
        "Vous voulez un café avant de commencer ?",
        "Elle habite à côté, à deux rues d’ici.",
        "Le club compte quarante personnes et deux minibus.",
        "Bon, on peut y aller, j’ai posé le téléphone.",
        "Le rapport fait douze pages avec les photographies.",
    ),
}
LINKS = {
    "opposition": "Et cela se fait au détriment du reste :",
    "articulation": "C’est même ce qui permet l’autre chose :",
    "juxtaposition": "Par ailleurs, un autre jour :",
}
LOGICS = ("marchande", "civique", "domestique")
LETTERS = dict(zip(LOGICS, "VCD", strict=True))


def write(folder: Path) -> Path:
    """The three files in a folder: `codebook.toml`, `lexicon.csv`, `codes.jsonl`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "codebook.toml").write_text(CODEBOOK, encoding="utf-8")
    (folder / "lexicon.csv").write_text(LEXICON, encoding="utf-8")
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows())
    (folder / "codes.jsonl").write_text("".join(lines), encoding="utf-8")
    return folder


def rows() -> list[dict[str, object]]:
    """Coded passages of eight documents: each logic alone, each pair, all three, none."""
    found = []
    for rank in range(8):
        for name in (*LOGICS, "neutre"):
            found.append(_row(rank, name, SAYINGS[name][rank], () if name == "neutre" else (name,), ""))
        for number, (one, other) in enumerate(combinations(LOGICS, 2)):
            relation = list(LINKS)[(rank + number) % 3]
            text = f"{SAYINGS[one][rank]} {LINKS[relation]} {SAYINGS[other][(rank + 3) % 8].lower()}"
            found.append(_row(rank, f"{one}-{other}", text, (one, other), relation))
        text = f"{SAYINGS['marchande'][rank]} {SAYINGS['civique'][rank]} {SAYINGS['domestique'][rank]}"
        found.append(_row(rank, "trois", text, LOGICS, "opposition" if rank % 2 else "juxtaposition"))
    return found


def _row(document: int, name: str, text: str, logics: tuple[str, ...], relation: str) -> dict[str, object]:
    pairs = [f"{one}+{other}" for one, other in combinations(logics, 2)]
    return {
        "id": f"d{document}-{name}",
        "document": f"d{document}",
        "author": "essai",
        "coder": "codeur A",
        "genre": "entretien",
        "sector": None,
        "speaker": None,
        "text": text,
        **{letter: logic in logics for logic, letter in LETTERS.items()},
        "relation": relation if len(pairs) == 1 else dict.fromkeys(pairs, relation) if pairs else None,
        "stance": dict.fromkeys(logics, "contestee" if document % 2 else "soutenue"),
        "axes": {"place": list(logics)} if logics and document % 3 == 0 else {},
    }
