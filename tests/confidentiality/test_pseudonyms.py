"""Who is who, codes, the user's table, and the words around a code."""

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from tensions_cli.confidentiality.pseudonyms import Pseudonymised, Table, corpus_key, numbered, pseudonymise, table_of
from tensions_cli.confidentiality.tokens import Source
from tensions_cli.tagging.french import usual_writing


def done(*texts: str, table: str = "") -> Pseudonymised:
    return pseudonymise([Source(text) for text in texts], read(table), usual_writing)


def read(table: str) -> Table:
    lines = [line.split(";") for line in table.splitlines()]
    if not lines:
        return Table({})
    header, *rows = lines
    return table_of(header, [(i, dict(zip(header, row, strict=False))) for i, row in enumerate(rows, 2)])


def codes(result: Pseudonymised) -> list[str]:
    return [one.code for placed in result.placed for one in placed if one.code]


def doubts(result: Pseudonymised) -> list[str]:
    return [one.doubt for placed in result.placed for one in placed if one.doubt]


def test_forms_of_one_person_get_one_code() -> None:
    result = done("Anne Durand est là. Mme Durand dort, DURAND aussi, le lit d'Anne.")
    assert len(codes(result)) == 4
    assert len(set(codes(result))) == 1
    assert not doubts(result)


def test_surname_first_is_the_same_person() -> None:
    assert len(set(codes(done("Reçu : DURAND Paul. Puis Paul Durand, puis M. Durand.")))) == 1


def test_monsieur_and_madame_are_two_persons() -> None:
    result = done("M. Pinchon et Mme Pinchon sont un couple. Chez les Pinchon, on dîne tôt.")
    assert len(set(codes(result))) == 3  # the couple, the two of them: nothing tells more
    assert doubts(result) == ["nom porté par plusieurs personnes"]


def test_the_title_of_the_other_gender_is_somebody_else() -> None:
    result = done("Anne Durand est là. M. Durand aussi.")
    assert len(set(codes(result))) == 2


def test_a_first_name_in_another_text_is_not_taken_for_the_full_name() -> None:
    result = done("Anne Durand est là, Anne chante.", "Hier, avec Anne, on a ri.")
    full, alone, elsewhere = codes(result)
    assert alone == elsewhere
    assert full != alone
    assert all("peut-être la même personne" in doubt for doubt in doubts(result))
    assert len(doubts(result)) == 2


def test_two_full_names_with_one_surname_leave_the_surname_apart() -> None:
    result = done("Paul Morel et Lucie Morel sont venus. Morel a signé.")
    assert len(set(codes(result))) == 3
    assert doubts(result) == ["nom porté par plusieurs personnes"]


def test_same_bytes_same_codes_whatever_the_order_of_the_texts() -> None:
    one, two = "Anne Durand est à Rouen.", "Mme Petit et Karim sont à Bolbec."
    first, second = done(one, two), done(two, one)
    assert first.texts == (second.texts[1], second.texts[0])


def test_codes_tell_neither_alphabet_nor_order_nor_number() -> None:
    names = [("personne", name) for name in ("abel", "basile", "cyril", "denis", "edgar", "fabien", "gilles", "hugo")]
    drawn = [
        [int(code.split("-")[1]) for code in numbered(names, corpus_key([str(seed)]), {"personne": "P"}, ()).values()]
        for seed in range(40)
    ]
    assert all(len(set(numbers)) == len(names) for numbers in drawn)
    assert not any(numbers == sorted(numbers) for numbers in drawn)  # one chance in 40320 for each
    assert max(itertools.chain(*drawn)) > 2 * len(names) + 20
    assert len({tuple(numbers) for numbers in drawn}) == 40  # another corpus, other codes


def test_many_persons_get_longer_numbers() -> None:
    many = [("personne", str(i)) for i in range(300)]
    found = numbered(many, b"key", {"personne": "P"}, ["P-100"])
    assert len(set(found.values())) == 300
    assert "P-100" not in found.values()


# --- the user's table -------------------------------------------------------------------------------


def test_the_table_wins_whatever_case_accent_and_elision() -> None:
    result = done("ANNE DURAND, l'avis d'Hélène et d'helene.", table="nom;code\nAnne Durand;Claude\nHélène;Iris")
    assert result.texts[0] == "Claude, l'avis d'Iris et d'Iris."


def test_the_longest_row_first_and_whole_words_only() -> None:
    table = "nom;code\nMarie;X1\nMarie Petit;X2"
    assert done("Marie Petit, Marie, Mariette.", table=table).texts[0].startswith("X2, X1, ")
    assert "X1tte" not in done("Marie Petit, Marie, Mariette.", table=table).texts[0]


def test_a_row_covers_the_other_forms_of_the_person() -> None:
    assert done("Anne Durand. Puis Mme Durand.", table="nom;code\nAnne Durand;P-77").texts[0] == "P-77. Puis Mme P-77."


def test_a_titled_row_replaces_the_title_only_when_the_code_has_one() -> None:
    assert done("avec Madame Durand", table="nom;code\nMme Durand;P-12").texts[0] == "avec Madame P-12"
    assert done("avec Madame Durand", table="nom;code\nMme Durand;Mme Renard").texts[0] == "avec Mme Renard"


def test_equals_keeps_and_an_empty_code_is_given_one() -> None:
    table = "nom;code\nOrange;=\nle Terrier;"
    result = done("On va à Orange, puis le Terrier.", table=table)
    assert "Orange" in result.texts[0]
    assert "Terrier" not in result.texts[0]
    assert [one.found.category for one in result.placed[0]] == ["personne"]


def test_codes_of_the_table_are_not_drawn_again() -> None:
    used = "\n".join(f"Zorg{'abcdefghij'[i // 10]}{'abcdefghij'[i % 10]};P-{i}" for i in range(10, 55))
    result = done("Karim et Lucie.", table=f"nom;code\n{used}")
    assert not {f"P-{i}" for i in range(10, 55)} & set(codes(result))


def test_what_was_written_gives_the_same_codes_to_a_corpus_that_grew() -> None:
    texts = ("Anne Durand et M. Petit sont à Rouen, au foyer L'Escale. M. Morel et Mme Morel.",)
    before = done(*texts)
    table = "nom;code;categorie\n" + "\n".join(";".join(pair) for pair in before.pairs)
    after = done(*texts, "Karim arrive à Bolbec avec Mme Petit.", table=table)
    assert after.texts[0] == before.texts[0]


def test_unmatched_and_unreadable_rows_are_told_by_line() -> None:
    table = read("nom;code\nAnne;P-1\n;P-2\nANNE;P-3\nZoé;P-4")
    assert table.left_out == (3, 4)
    assert pseudonymise([Source("Anne.")], table, usual_writing).unmatched == (5,)


# --- nothing else moves -----------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet="Anne Durand d'à Rouen.\n:«»é’1234-", max_size=120))
def test_what_is_not_replaced_is_untouched(text: str) -> None:
    result = pseudonymise([Source(text)], Table({}), usual_writing)
    (placed,) = result.placed
    assert all(result.texts[0][one.start : one.end] == one.code for one in placed if one.code)
    kept = 0
    for one in placed:
        kept += len(one.code or "") if one.code else 0
    words_left = len(result.texts[0]) - kept
    replaced = sum(one.found.end - one.found.start for one in placed if one.code)
    assert abs(words_left - (len(text) - replaced)) <= 3 * len(placed)  # only elisions before codes change
