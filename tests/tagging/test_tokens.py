"""Words are those of spaCy's own pipeline, although its files are read apart and each chunk is cut once."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import srsly
from hypothesis import given, settings
from hypothesis import strategies as st

from tensions_cli.errors import ModelError
from tensions_cli.tagging import french
from tensions_cli.tagging.french import FOLDED, PIPELINE, Words, factored, usual_writing, words_of

EXCLUDED = ["tok2vec", "morphologizer", "parser", "senter", "ner", "attribute_ruler"]


@pytest.fixture(scope="module")
def spacy_french() -> Any:
    """The pipeline as spaCy loads it."""
    import spacy

    return spacy.load(PIPELINE, exclude=EXCLUDED)


def spellings(word: str) -> list[str]:
    curly = word.replace("'", "’")
    return [word, word.replace("oe", "œ"), curly, curly.replace("oe", "œ")]


def reference(language: Any, text: str) -> list[tuple[int, int, str, str, int]]:
    """Beginning, end, form, lemma and row of the vector of each word, from spaCy's objects."""
    lemmas, vocab = language.get_pipe("lemmatizer").lookups.get_table("lemma_lookup"), language.vocab
    words = []
    for token in language.tokenizer(text):
        folded = token.text.translate(FOLDED)
        if any(letter.isalnum() for letter in folded):
            form = folded.lower()
            lemma = next((lemmas.get(word)[0] for word in spellings(form) if lemmas.get(word)), form)
            keys = [word for word in spellings(folded) + spellings(form) if word in vocab.strings]
            rows = [int(vocab.vectors.find(key=vocab.strings[word])) for word in keys]
            row = next((row for row in rows if row >= 0), -1)
            words.append((token.idx, token.idx + len(token), form, lemma.translate(FOLDED), row))
    return words


def told(words: Words) -> list[tuple[int, int, str, str, int]]:
    return list(
        zip(words.starts.tolist(), words.ends.tolist(), words.forms, words.lemmas, words.vectors.tolist(), strict=True)
    )


# What rules of the tokenizer are made of, whole and broken, between spaces of every kind.
PIECES = [
    "l’équipe", "L'ÉQUIPE", "aujourd’hui", "prud'homme", "a-t-elle", "Semble-t-il", "est-ce", "est", "-ce", "a", "-t",
    "-elle", "saut-de-ski", "Saint-Denis-sur-Loire", "ex-éducatrice", "entr’aide", "peut-être", "10km", "3,5", "12€",
    "20", "°C.", "M.", "n°5", "etc.", "p.", "cf", "c.", "œuvre", "ﬁn", "éducateur·rice·s", "EHPAD", "e\u0301quipe",
    "re\xadlation", "\u200b", "\ufeff", "\x00", "😀", "👨‍👩‍👧", "🇫🇷",
    ":", ")", "(", ":)", ":-(", "(ಠ_ಠ)", "(╯°□°）╯︵┻━┻",
    ":'", "-", "–", "—", "…", "...", "!!!!!!", "«", "»", "“", "'", "’", "http://exemple.org/a?b=1", "nom@exemple.org",
    "#", "_", "ß", "İ", "漢字", "ー", "عربي",
]  # fmt: skip
SPACES = ["", "", " ", " ", "  ", "\n", "\xa0", "\u202f", "\u2009", "\t", "\x0b", "\x1c", "\u2028", "\r\n"]


@st.composite
def hostile(draw: st.DrawFn) -> str:
    pieces = draw(st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(SPACES)), max_size=20))
    return "".join(piece + space for piece, space in pieces)


@settings(max_examples=400, deadline=None)
@given(st.lists(hostile() | st.text(max_size=60), max_size=4))
def test_words_are_those_of_spacy(spacy_french: Any, texts: list[str]) -> None:
    assert [told(words) for words in words_of(texts)] == [reference(spacy_french, text) for text in texts]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(alphabet="aàbcdeéèglmnoœrstuvzAEÉKMLNTßÿ", min_size=1, max_size=14), min_size=1, max_size=30))
def test_letters_alone_are_one_word(spacy_french: Any, words: list[str]) -> None:
    text = " ".join(words)
    assert [told(one) for one in words_of([text])] == [reference(spacy_french, text)]


@pytest.mark.parametrize("text", ["a -t-elle :) )", ": - )", "est -ce :)", "( 8 ) 8 )", "Semble -t -il ?"])
def test_a_rule_broken_by_a_space_is_cut_as_spacy_cuts_it(spacy_french: Any, text: str) -> None:
    assert told(words_of([text])[0]) == reference(spacy_french, text)


@pytest.mark.parametrize("text", ["!" * 1000, "mot" * 3000, "a’" * 1000, "(" * 300 + "mot" + ")" * 300])
def test_a_long_run(spacy_french: Any, text: str) -> None:
    assert told(words_of([text])[0]) == reference(spacy_french, text)


def test_a_line_of_signs_holds_no_word() -> None:
    """spaCy's tokenizer would take an hour over it."""
    (word,) = told(words_of(["." * 200_000 + " mot " + "—" * 200_000])[0])
    assert word[:4] == (200_001, 200_004, "mot", "mot")


@pytest.fixture
def small_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables that hold almost nothing, so that they start again all the time."""
    for name in ("KEPT_CHUNKS", "KEPT_LETTERS", "GROUP"):
        monkeypatch.setattr(french, name, 3)


@pytest.mark.usefixtures("small_tables")
def test_a_full_table_changes_nothing(spacy_french: Any) -> None:
    texts = [
        "L’équipe écoute.",
        "On compte, on écoute.",
        "",
        "Le siège compte.",
        "L’équipe écoute.",
        "a b c d e f g",
    ] * 3
    assert [told(words) for words in words_of(texts)] == [reference(spacy_french, text) for text in texts]
    assert len(french._chunks().ranks) <= 20


def test_vectors_and_ranks_are_those_of_spacy(spacy_french: Any) -> None:
    vocab = spacy_french.vocab
    data = np.asarray(vocab.vectors.data, dtype=np.float32)
    rows = [0, 7, 19_999]
    expected = data[rows] / np.linalg.norm(data[rows], axis=1, keepdims=True)
    assert french.vectors_at(rows) == pytest.approx(expected)
    keys = list(vocab.vectors.keys())
    for rank in range(0, len(keys), 997):
        form = vocab.strings[keys[rank]]
        if form and form == form.lower() and form.capitalize() not in vocab.strings:
            assert usual_writing(form)[1] == rank or form.upper() in vocab.strings


def pattern_of_spacy() -> str:
    folder = next(Path(srsly.__file__).parents[1].glob(f"{PIPELINE}/{PIPELINE}-*"))
    return str(srsly.msgpack_loads((folder / "tokenizer").read_bytes())["token_match"])


def test_a_factored_pattern_matches_the_same_words() -> None:
    """The rules that keep a hyphen: every beginning of theirs, followed by what they allow and what they do not."""
    pattern = pattern_of_spacy()
    short = factored(pattern)
    assert len(short) < len(pattern) / 10
    plain, ours = re.compile(pattern).match, re.compile(short).match
    starts = {re.sub(r"[^a-zé]", "", start) for start in re.findall(r"\(\?:\^(.{1,20}?)\[-", pattern)}
    starts |= {"anti", "Ex", "semi", "saut", "pet", "Villeneuve", "prud", "entr", "r", "a"}
    ends = [
        "",
        "-",
        "-mot",
        "-Mot",
        "-mot-",
        "’mot",
        "'mots",
        "-de-ski",
        "-en-l’air",
        "-la-1",
        "-sur-Seine",
        "-mot\n",
        "–x",
    ]
    words = [start + end for start in sorted(starts) for end in ends]
    assert sum(plain(word) is not None for word in words) > 500
    assert [word for word in words if bool(plain(word)) != bool(ours(word))] == []


@pytest.mark.parametrize(
    "pattern", ["abc", "(?iu)(?:^a|b$)", "(?iu)(?:^a(b$)|(?:^c)d$)", "(?iu)(?:^[ab]|c-d$)|(?:^e$)"]
)
def test_a_pattern_of_another_kind_is_kept(pattern: str) -> None:
    assert factored(pattern) == pattern


def test_a_missing_language_model_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(french.importlib.util, "find_spec", lambda _: None)
    french._folder.cache_clear()
    with pytest.raises(ModelError, match="introuvable"):
        french.version()
    french._folder.cache_clear()


def test_explaining_one_sentence_loads_little() -> None:
    """`tensions explain` is used by hand: half its former time was what it did not need."""
    code = """
import sys
from tensions_cli.tagging.explain import explain
from tensions_cli.tagging.model_folder import open_model
explain("On coche des cases, on n’a plus le temps d’écouter.", open_model())
heavy = ["sklearn", "pandas", "scipy", "torch", "spacy.lang.fr", "matplotlib"]
print([name for name in heavy if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ.copy()
    )
    assert done.stdout == "[]\n"
