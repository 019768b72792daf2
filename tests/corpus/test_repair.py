"""Damaged accents mended on request: offsets follow, and nothing else of the text changes."""

from pathlib import Path

import pytest
from accounting import assert_accounted
from hypothesis import given, settings
from hypothesis import strategies as st

from tensions_cli.corpus.formats.plain import Line, assemble, blocks_of, read_plain
from tensions_cli.corpus.repair import mended, repaired
from tensions_cli.corpus.sources import SourceFile
from tensions_cli.corpus.speakers import find_turns
from tensions_cli.records import Block, BlockKind, CastMember, Document, Turn, Zone, ZoneKind

SENTENCES = [
    "L’équipe a décidé qu’on noterait tout.",
    "Où va-t-on, à la fin de l’été ?",
    "« Ça dépend », répète la cheffe de service…",
    "Le cœur du métier, c’est d’être là\u00a0: voilà.",
    "Elle s’est arrêtée à",
    "Ni accent ni rien.",
]


def damaged(text: str) -> str:
    """UTF-8 read as cp1252, the way of most programs; bytes that cp1252 leaves undefined become C1 controls."""
    return "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in text.encode("utf-8"))


def document(text: str, **fields) -> Document:
    return Document("a", "a.txt", "txt", text, blocks=tuple(blocks_of(text)), **fields)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_damaged_sentence_comes_back(sentence):
    assert mended(damaged(sentence)) == sentence


def test_damage_beside_sound_text():
    assert mended("Été : l'Ã©quipe note.\nDÃ©jÃ\u00a0 fait.") == "Été : l'équipe note.\nDéjà fait."


@pytest.mark.parametrize(
    "text",
    [
        "Âge, Île, ÉTÉ, Ãndrea",
        "“guillemets” ‘simples’ ﬁn œuvre ｆｕｌｌ e\u0301 &eacute; \u00ad \u2028 \x85 \x1b[1m",
        "25 € l’heure à Â",
    ],
)
def test_sound_text_is_the_very_same(text):
    whole = document(text)
    assert repaired(whole) is whole


def test_quotes_ligatures_and_forms_of_a_damaged_line_stay():
    text = "“L'Ã©quipe” ‘note’ la ﬁn e\u0301 &eacute; ｆ"
    assert repaired(document(text)).text == "“L'équipe” ‘note’ la ﬁn e\u0301 &eacute; ｆ"


def test_blocks_zones_and_names_follow():
    lines = [
        Line(damaged("Accueil, été"), zone=(ZoneKind.CHROME, "menu")),
        Line(damaged("À la fin, l’équipe dit « à »."), voice=damaged("Enquêtée")),
        Line(damaged("Il va à"), BlockKind.ITEM),
        Line("Sans accent."),
    ]
    text, blocks, zones = assemble(lines)
    before = Document("a", "a.docx", "docx", text, blocks, zones, metadata={damaged("métier"): damaged("éducatrice")})
    after = repaired(before)
    assert after.text == "Accueil, été\nÀ la fin, l’équipe dit « à ».\nIl va à\nSans accent."
    assert [after.text[block.start : block.end] for block in after.blocks] == after.text.split("\n")[1:]
    assert [block.voice for block in after.blocks] == ["Enquêtée", None, None]
    assert [after.text[zone.start : zone.end] for zone in after.zones] == ["Accueil, été"]
    assert after.metadata == {"métier": "éducatrice"}
    assert_accounted(after)


def test_turns_and_cast_follow():
    text = damaged("Enquêtée : à la fin, décidé.\nChercheur : et après ?")
    first = text.partition("\n")[0]
    colon, at = first.index(":") + 2, len(first) + 1
    name = damaged("Enquêtée")
    before = Document(
        "a", "a.txt", "txt", text,
        blocks=(Block(0, len(first)), Block(at, len(text))),
        zones=(Zone(0, colon - 1, ZoneKind.LABEL), Zone(at, at + 11, ZoneKind.LABEL)),
        turns=(Turn(colon, len(first), name, None), Turn(at + 12, len(text), "Chercheur", None)),
        cast=(CastMember(name, None, 1, 4, "étiquette", ((damaged("Enquétée"), 1),)),),
    )  # fmt: skip
    after = repaired(before)
    assert [after.text[turn.start : turn.end] for turn in after.turns] == ["à la fin, décidé.", "et après ?"]
    assert [after.text[zone.start : zone.end] for zone in after.zones] == ["Enquêtée :", "Chercheur :"]
    assert [turn.speaker for turn in after.turns] == ["Enquêtée", "Chercheur"]
    assert (after.cast[0].speaker, after.cast[0].merged) == ("Enquêtée", (("Enquétée", 1),))


def test_labels_are_found_once_mended():
    text = "\n".join(
        damaged(line) for line in ["Enquêteur : Ça va ?", "Enquêtée : À peu près.", "Enquêteur : Et là ?"] * 3
    )
    (read,) = read_plain(text.encode(), SourceFile(Path("a.txt"), "a.txt", "a"))
    assert {turn.speaker for turn in find_turns(repaired(read)).turns} == {"Enquêteur", "Enquêtée"}


def test_a_block_of_damaged_spaces_is_no_block():
    after = repaired(document("Bonjour.\nÂ\u00a0Â\u00a0\nL'Ã©quipe."))
    assert [after.text[block.start : block.end] for block in after.blocks] == ["Bonjour.", "L'équipe."]
    assert_accounted(after)


def test_what_was_done_is_told_in_place_of_the_advice():
    data = damaged("L’équipe a décidé. Rien d’autre.").encode()
    (read,) = read_plain(data, SourceFile(Path("a.txt"), "a.txt", "a"))
    assert any("--repair" in notice for notice in read.notices)
    (notice,) = repaired(read).notices
    assert "3 mots changés" in notice  # L’équipe, décidé., d’autre.
    assert "encore" not in notice
    assert "équipe" not in notice


def test_damage_in_metadata_alone_is_mended():
    after = repaired(document("Sans accent.", metadata={"lieu": damaged("Évry"), "annee": "2024"}))
    assert after.metadata == {"lieu": "Évry", "annee": "2024"}
    assert after.text == "Sans accent."


# --- properties --------------------------------------------------------------------------------------

MESSY = st.text(st.sampled_from("aé à\n Ã©Â\u00a0â€™œ\u0080\u009d…Å“ \u00a0"), max_size=40)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=6), st.data())
def test_damaged_documents_come_back_with_their_lines(sentences, data):
    chosen = [data.draw(st.booleans()) for _ in sentences]
    zone = (ZoneKind.REMARK, "remarque")
    lines = [
        Line(damaged(sentence) if hurt else sentence, zone=zone if rank % 3 == 2 else None)
        for rank, (sentence, hurt) in enumerate(zip(sentences, chosen, strict=True))
    ]
    text, blocks, zones = assemble(lines)
    after = repaired(Document("a", "a.docx", "docx", text, blocks, zones))
    assert after.text == "\n".join(sentences)
    shown = {at: after.text[at : part.end] for part in (*after.blocks, *after.zones) for at in [part.start]}
    assert [shown[at] for at in sorted(shown)] == sentences
    assert_accounted(after)


@settings(max_examples=300, deadline=None)
@given(MESSY)
def test_any_text_keeps_its_characters_accounted(text):
    after = repaired(document(text))
    assert_accounted(after)
    assert all(
        after.text[block.start : block.end].strip() == after.text[block.start : block.end] for block in after.blocks
    )
    assert after.text.count("\n") == text.count("\n")
