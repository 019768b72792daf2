"""Projects of other tools, read back: what each is known to write (formats.md §9.5), and our own round trip."""

import contextlib
import io
import zipfile
import zlib
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tensions_cli.coding.qdpx import read_qdpx
from tensions_cli.errors import UnreadableError
from tensions_cli.knowledge.code_names import codes_of
from tensions_cli.knowledge.codebook import codebook, shipped
from tensions_cli.output.qdpx import write_qdpx
from tensions_cli.records import (
    CodedBy,
    Document,
    Passage,
    ReadCoding,
    Relation,
    TaggedDocument,
    TaggedPassage,
    Tags,
)

TEXT = "Le matin, on trie les dossiers.\nOn remplit la grille.\nPuis on va voir madame, sans chronomètre.\n"
GRID, VISIT = "On remplit la grille.", "Puis on va voir madame, sans chronomètre."
GUIDS = {
    name: f"{number:08X}-AAAA-4BBB-8CCC-DDDDDDDDDDDD"
    for number, name in enumerate(
        ["ana", "bob", "tool", "mixte", "temps", "text", "text2", "case", "note", "sync1", "sync2", "absent"], 1
    )
}
CODES = (
    f'<Code guid="{GUIDS["mixte"]}" name="mixte" isCodable="true"/>'
    f'<Code guid="{GUIDS["temps"]}" name="le temps" isCodable="true"/>'
)
USERS = f'<User guid="{GUIDS["ana"]}" name="Anaïs Vidal"/><User guid="{GUIDS["bob"]}" name="Bob Nkomo" id="bnkomo"/>'


def coding(code: str = "mixte", user: str = "ana", inside: str = "") -> str:
    by = f' creatingUser="{GUIDS[user]}"' if user else ""
    return f'<Coding guid="{GUIDS["tool"]}"{by}><CodeRef targetGUID="{GUIDS[code]}"/>{inside}</Coding>'


def selection(start: int, end: int, inside: str, attributes: str = "") -> str:
    return (
        f'<PlainTextSelection guid="{GUIDS["tool"]}" startPosition="{start}" endPosition="{end}"{attributes}>'
        f"{inside}</PlainTextSelection>"
    )


def on(words: str, inside: str | None = None, text: str = TEXT) -> str:
    start = text.index(words)
    return selection(start, start + len(words), coding() if inside is None else inside)


def source(inside: str, path: str | None = None, name: str = "E01", guid: str = "text") -> str:
    where = f"internal://{GUIDS[guid]}.txt" if path is None else path
    return f'<TextSource guid="{GUIDS[guid]}" name="{name}" plainTextPath="{where}">{inside}</TextSource>'


def qde(sources: str, codes: str = CODES, users: str = USERS, rest: str = "", before: str = "") -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?><Project xmlns="urn:QDA-XML:project:1.0" name="p" origin="outil">'
        f"<Users>{users}</Users><CodeBook><Codes>{codes}</Codes></CodeBook>{before}<Sources>{sources}</Sources>{rest}"
        "</Project>"
    ).encode()


def archive(project: bytes, files: Mapping[str, bytes] | None = None, name: str = "project.qde") -> bytes:
    stream = io.BytesIO()
    given = {f"sources/{GUIDS['text']}.txt": TEXT.encode()} if files is None else files
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr(name, project)
        for path, content in given.items():
            out.writestr(path, content)
    return stream.getvalue()


def said(codings: tuple[ReadCoding, ...]) -> list[tuple[str | None, str | None, str, tuple[str, ...]]]:
    for one in codings:
        assert one.start is not None
        assert one.end is not None
    return [(one.document, one.text, one.coder, one.codes) for one in codings]


ONE = [("E01", GRID, "codeur 1", ("mixte",))]


def test_a_plain_project() -> None:
    read = read_qdpx(archive(qde(source(on(GRID)))))
    assert said(read.codings) == ONE
    assert read.texts == {"E01": TEXT}
    assert read.notices == ()
    (one,) = read.codings
    assert TEXT[one.start : one.end] == one.text
    assert (one.place, one.id, one.memo, one.answers) == ("texte 1, sélection 1", None, "", {})


@pytest.mark.parametrize(
    ("path", "member", "project"),
    [
        (None, f"Sources/{GUIDS['text']}.txt", "project.qde"),
        (None, f"sources/{GUIDS['text'].lower()}.TXT", "Ma thèse.qde"),
        (f"{GUIDS['text']}.txt", f"sources/{GUIDS['text']}.txt", "PROJECT.QDE"),
        (f"internal:///{GUIDS['text']}.txt", f"sources/{GUIDS['text']}.txt", "project.qde"),
    ],
    ids=["nvivo", "atlas", "bare", "slash"],
)
def test_folders_names_and_paths_of_other_tools(path: str | None, member: str, project: str) -> None:
    read = read_qdpx(archive(qde(source(on(GRID), path)), {member: TEXT.encode()}, project))
    assert said(read.codings) == ONE


@pytest.mark.parametrize("change", [str.lower, lambda guid: f"{{{guid}}}", lambda guid: f" {guid} "])
def test_guids_in_any_writing(change: object) -> None:
    """NVivo writes lower case, others braces; definition and reference may differ."""
    project = qde(source(on(GRID)))
    for name in ("mixte", "ana"):
        written = change(GUIDS[name]).encode()  # type: ignore[operator]
        project = project.replace(f'guid="{GUIDS[name]}"'.encode(), b'guid="' + written + b'"')
    assert said(read_qdpx(archive(project)).codings) == ONE


def test_byte_order_marks_are_no_characters() -> None:
    files = {f"sources/{GUIDS['text']}.txt": b"\xef\xbb\xbf" + TEXT.encode()}
    read = read_qdpx(archive(b"\xef\xbb\xbf" + qde(source(on(GRID))), files))
    assert said(read.codings) == ONE
    assert read.texts["E01"] == TEXT


def test_without_a_namespace_or_with_an_older_one() -> None:
    for schema in (b' xmlns="urn:QDA-XML:project:0:4"', b""):
        project = qde(source(on(GRID))).replace(b' xmlns="urn:QDA-XML:project:1.0"', schema)
        assert said(read_qdpx(archive(project)).codings) == ONE


@pytest.mark.parametrize("path", ["relative:///E01.txt", "absolute://C:/Users/avidal/E01.txt", "internal://../x.txt"])
def test_texts_outside_are_refused_and_counted(path: str) -> None:
    files = {f"sources/{GUIDS['text']}.txt": TEXT.encode(), "x.txt": TEXT.encode()}
    sources = source(on(GRID) + on(VISIT) + on("madame", ""), path, "E02", "text2") + source(on(GRID))
    read = read_qdpx(archive(qde(sources), files))
    assert said(read.codings) == ONE
    assert set(read.texts) == {"E01"}
    assert read.notices == (
        "textes hors du projet (chemin relatif, absolu ou fichier absent), non lus\u00a0: 1",
        "passages codés dans ces textes, non lus\u00a0: 2",
    )
    assert "avidal" not in "".join(read.notices)


def test_text_inside_the_project() -> None:
    content = f"<PlainTextContent>{TEXT}</PlainTextContent>"
    inline = f'<TextSource guid="{GUIDS["text"]}" name="E01">{content}{on(GRID)}</TextSource>'
    assert said(read_qdpx(archive(qde(inline), {})).codings) == ONE


def test_words_of_a_pdf_and_of_a_recording() -> None:
    start = TEXT.index(VISIT)
    sync = "".join(
        f'<SyncPoint guid="{GUIDS[name]}" timeStamp="{time}" position="{at}"/>'
        for name, time, at in (("sync1", 0, start), ("sync2", 900, start + len(VISIT)))
    )
    sources = (
        f'<PDFSource guid="{GUIDS["case"]}" name="Rapport" path="internal://x.pdf">'
        f'<PDFSelection guid="{GUIDS["tool"]}" page="1" firstX="1" firstY="1" secondX="2" secondY="2">'
        f"{coding()}</PDFSelection>"
        f'<Representation guid="{GUIDS["text"]}" name="texte de Rapport" plainTextPath="internal://{GUIDS["text"]}.txt">'
        f"{on(GRID)}</Representation></PDFSource>"
        f'<AudioSource guid="{GUIDS["note"]}" name="Entretien.mp3" path="internal://x.mp3">'
        f'<Transcript guid="{GUIDS["text2"]}" plainTextPath="internal://{GUIDS["text"]}.txt">{sync}'
        f'<TranscriptSelection guid="{GUIDS["tool"]}" fromSyncPoint="{GUIDS["sync1"]}" toSyncPoint="{GUIDS["sync2"]}">'
        f"{coding('temps', 'bob')}</TranscriptSelection></Transcript>"
        f'<AudioSelection guid="{GUIDS["tool"]}" begin="0" end="9">{coding()}{coding("temps")}</AudioSelection>'
        "</AudioSource>"
    )
    read = read_qdpx(archive(qde(sources)))
    assert said(read.codings) == [
        ("Rapport", GRID, "codeur 1", ("mixte",)),
        ("Entretien.mp3", VISIT, "codeur 2", ("le temps",)),
    ]
    assert read.notices == ("codes posés sur une image, un son, une vidéo ou une page de PDF, non repris\u00a0: 3",)


def test_people_are_numbered_in_the_order_of_the_project_and_the_machine_kept() -> None:
    machine = f'<User guid="{GUIDS["tool"]}" name="tensions-0.1.0+4d97ed5e"/>'
    inside = coding("temps", "bob") + coding("mixte", "tool") + coding("mixte", "ana") + coding("temps", "ana")
    read = read_qdpx(archive(qde(source(on(GRID, inside)), users=machine + USERS)))
    assert said(read.codings) == [
        ("E01", GRID, "codeur 2", ("le temps",)),
        ("E01", GRID, "tensions-0.1.0+4d97ed5e", ("mixte",)),
        ("E01", GRID, "codeur 1", ("mixte", "le temps")),
    ]
    assert "Vidal" not in repr(read)
    assert "nkomo" not in repr(read).lower()


def test_a_pseudonym_already_given_is_kept_and_not_given_twice() -> None:
    users = f'<User guid="{GUIDS["ana"]}" name="Anaïs"/><User guid="{GUIDS["bob"]}" name="codeur 1"/>'
    read = read_qdpx(archive(qde(source(on(GRID, coding(user="ana") + coding(user="bob"))), users=users)))
    assert [one.coder for one in read.codings] == ["codeur 2", "codeur 1"]


def test_a_coder_who_is_not_said_or_not_listed() -> None:
    modified = coding(user="").replace("<Coding ", f'<Coding modifyingUser="{GUIDS["bob"]}" ')
    inside = source(
        on(GRID, coding(user=""))
        + on("madame", modified)
        + selection(0, 2, coding(user=""), f' creatingUser="{GUIDS["ana"]}"')
        + on(VISIT, coding(user="absent"))
    )
    read = read_qdpx(archive(qde(inside)))
    assert [one.coder for one in read.codings] == ["codeur inconnu", "codeur 2", "codeur 1", "codeur 3"]
    assert read.notices == ("codeurs absents de la liste du projet, numérotés à la suite\u00a0: 1",)


def test_memos_are_not_codes() -> None:
    """MAXQDA: a selection with a description alone; NVivo: a selection that a note is linked to."""
    inside = on(GRID, "<Description>à revoir</Description>") + on(VISIT, "") + on("madame")
    read = read_qdpx(archive(qde(source(inside))))
    assert [one.text for one in read.codings] == ["madame"]
    assert read.notices == ("passages annotés sans code, non repris\u00a0: 2",)


def test_memos_of_codes_are_kept_with_their_notes() -> None:
    notes = (
        f'<Notes><Note guid="{GUIDS["note"]}"><PlainTextContent>voir la supervision</PlainTextContent></Note></Notes>'
    )
    inside = "<Description>hésitation</Description>" + coding(inside=f'<NoteRef targetGUID="{GUIDS["note"]}"/>')
    read = read_qdpx(archive(qde(source(on(GRID, inside)), rest=notes)))
    assert [one.memo for one in read.codings] == ["hésitation\nvoir la supervision"]


def test_one_selection_for_each_code_is_one_coding() -> None:
    """QualCoder repeats the selection; two codes of one person on one stretch come back together."""
    read = read_qdpx(archive(qde(source(on(GRID) + on(VISIT) + on(GRID, coding("temps")) + on(GRID)))))
    assert said(read.codings) == [
        ("E01", GRID, "codeur 1", ("mixte", "le temps")),
        ("E01", VISIT, "codeur 1", ("mixte",)),
    ]


def test_references_to_nothing_are_counted() -> None:
    empty = f'<Coding guid="{GUIDS["tool"]}"/>'
    read = read_qdpx(archive(qde(source(on(GRID, coding("absent") + coding()) + on(VISIT, empty)))))
    assert said(read.codings) == ONE
    assert read.notices == ("codes appliqués qui ne sont pas dans la grille du projet, non repris\u00a0: 2",)


def test_what_is_no_code_on_a_text_is_counted() -> None:
    before = (
        f'<Variables><Variable guid="{GUIDS["tool"]}" name="âge" typeOfVariable="Text"/></Variables>'
        f'<Cases><Case guid="{GUIDS["temps"]}" name="Madame R."/></Cases>'
    )
    read = read_qdpx(archive(qde(source(on(GRID, coding() + coding("temps")) + coding()), before=before)))
    assert said(read.codings) == ONE
    assert read.notices == (
        "passages rattachés à un cas, qui n’est pas un code\u00a0: 1",
        "codes posés sur un document entier, non repris\u00a0: 1",
        "cas, non repris\u00a0: 1",
        "variables, non reprises\u00a0: 1",
    )


def test_texts_of_one_name_are_told_apart() -> None:
    files = {f"sources/{GUIDS['text']}.txt": TEXT.encode(), f"sources/{GUIDS['text2']}.txt": GRID.encode()}
    sources = source(on(VISIT)) + source(on(GRID, text=GRID), guid="text2")
    read = read_qdpx(archive(qde(sources), files))
    assert [one.document for one in read.codings] == ["E01", "E01 (2)"]
    assert read.texts == {"E01": TEXT, "E01 (2)": GRID}
    assert read.notices == ("textes de même nom, distingués par un numéro\u00a0: 1",)


@pytest.mark.parametrize(
    ("codes", "name"),
    [
        (
            '<Code guid="{f}" name="Logiques" isCodable="false">'
            '<Code guid="{g}" name="mixte" isCodable="true"/></Code>',
            "mixte",
        ),
        ('<Code guid="{g}" name="Logiques/mixte" isCodable="true"/>', "mixte"),
        (
            '<Code guid="{f}" name="Thèmes" isCodable="true"><Code guid="{g}" name="temps" isCodable="true"/></Code>',
            "temps",
        ),
        (
            '<Code guid="{f}" name="temps" isCodable="true"><Code guid="{g}" name="temps" isCodable="true"/></Code>',
            "temps/temps",
        ),
        (
            '<Code guid="{f}" name="Logiques" isCodable="false"><Code guid="{g}" name="mixte" isCodable="true"/>'
            '<Code guid="{h}" name="mixte" isCodable="true"/></Code>',
            "mixte",
        ),
    ],
    ids=["nested", "flattened", "free", "ambiguous", "ours wins"],
)
def test_names_of_nested_codes(codes: str, name: str) -> None:
    book = codes.format(f=GUIDS["tool"], g=GUIDS["mixte"], h=GUIDS["temps"])
    assert [one.codes for one in read_qdpx(archive(qde(source(on(GRID)), codes=book))).codings] == [(name,)]


def counted(start: int, unit: str) -> int:
    return start + (TEXT[:start].count("\n") if unit == "crlf" else 0)


@pytest.mark.parametrize(
    ("unit", "shift", "ends", "notice"),
    [
        ("lf", 0, "\n", None),
        ("lf", 0, "\r\n", None),
        ("crlf", 0, "\r\n", "positions lues en comptant chaque fin de ligne pour deux caractères"),
        ("lf", 1, "\n", "positions comptées à partir de 1, lues un caractère plus tôt"),
        ("lf", -1, "\r\n", "positions en retard d’un caractère, lues un caractère plus loin"),
        ("crlf", 1, "\r\n", "positions comptées à partir de 1, chaque fin de ligne comptant pour deux caractères"),
    ],
)
def test_one_project_counted_in_several_ways(unit: str, shift: int, ends: str, notice: str | None) -> None:
    """LF, CRLF counted once (ATLAS.ti), CRLF counted twice (MAXQDA), a byte order mark counted: the same codes."""
    spans = [(TEXT.index(words), TEXT.index(words) + len(words)) for words in (GRID, VISIT, "madame", "dossiers")]
    inside = "".join(selection(counted(a, unit) + shift, counted(b, unit) + shift, coding()) for a, b in spans)
    files = {f"sources/{GUIDS['text']}.txt": TEXT.replace("\n", ends).encode()}
    read = read_qdpx(archive(qde(source(inside)), files))
    assert [(one.start, one.end) for one in read.codings] == spans
    assert read.texts == {"E01": TEXT}
    assert read.notices == ((notice,) if notice else ())


def test_one_unit_for_a_whole_project() -> None:
    """A text without line ends says nothing; the long one tells how all are counted."""
    first, second = TEXT.index(GRID), TEXT.index(VISIT)
    files = {
        f"sources/{GUIDS['text']}.txt": TEXT.replace("\n", "\r\n").encode(),
        f"sources/{GUIDS['text2']}.txt": GRID.encode(),
    }
    long = selection(first + 1, first + 1 + len(GRID), coding()) + selection(
        second + 2, second + 2 + len(VISIT), coding()
    )
    read = read_qdpx(archive(qde(source(on(GRID, text=GRID) * 9, guid="text2", name="E02") + source(long)), files))
    assert [one.text for one in read.codings] == [GRID, GRID, VISIT]


def test_a_few_careless_selections_do_not_condemn_a_project() -> None:
    words = ["matin", "trie", "dossiers", "remplit", "grille", "madame", "Puis", "voir"]
    careless = selection(TEXT.index("chronomètre"), TEXT.index("chronomètre") + 6, coding())
    read = read_qdpx(archive(qde(source("".join(map(on, words)) + careless))))
    assert [one.text for one in read.codings] == [*words, "chrono"]
    assert read.notices == ()


def test_positions_that_fit_no_unit_stop_and_name_the_text() -> None:
    inside = "".join(
        selection(TEXT.index(words) + 3, TEXT.index(words) + 12, coding()) for words in ("dossiers", "remplit")
    )
    with pytest.raises(UnreadableError) as caught:
        read_qdpx(archive(qde(source(inside))))
    assert caught.value.reason == "corrupt"
    assert f"sources/{GUIDS['text']}.txt" in caught.value.detail
    assert "E01" not in caught.value.detail


def test_an_accent_apart_is_part_of_its_word() -> None:
    """In NFD, a selection of the bare letter cuts the word, under every unit."""
    text = "e\u0301te\u0301"
    for end, whole in ((1, False), (5, True)):
        project = archive(qde(source(selection(0, end, coding()))), {f"sources/{GUIDS['text']}.txt": text.encode()})
        with contextlib.nullcontext() if whole else pytest.raises(UnreadableError):
            read_qdpx(project)


@pytest.mark.parametrize(
    ("start", "end"), [("9" * 5000, "9"), ("x", "4"), ("", ""), ("31", "12"), ("-4", "3"), ("0", "4000000")]
)
def test_positions_out_of_the_text_are_counted(start: str, end: str) -> None:
    bad = f'<PlainTextSelection startPosition="{start}" endPosition="{end}">{coding()}</PlainTextSelection>'
    read = read_qdpx(archive(qde(source("".join(map(on, ["matin", "trie", "grille", "madame", "voir"])) + bad))))
    assert len(read.codings) == 5
    assert read.notices == ("passages codés dont la place n’est pas dans le texte, non repris\u00a0: 1",)


def test_an_encoding_that_is_not_utf8_is_said() -> None:
    files = {f"sources/{GUIDS['text']}.txt": TEXT.replace("chronomètre", "chronom\u00c3\u00a8tre").encode()}
    read = read_qdpx(archive(qde(source(on(GRID))), files))
    assert said(read.codings) == ONE
    assert [notice.startswith(f"sources/{GUIDS['text']}.txt\u00a0: accents") for notice in read.notices] == [True]


BOMB = b'<?xml version="1.0"?><!DOCTYPE p [<!ENTITY a "x">]><Project xmlns="urn:QDA-XML:project:1.0">&a;</Project>'


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "corrupt"),
        (b"PK\x03\x04 rien", "corrupt"),
        (archive(b"<Project"), "corrupt"),
        (archive(b"<CodeBook/>"), "corrupt"),
        (archive(BOMB), "corrupt"),
        (archive(qde(source(on(GRID))), name="dossier/project.qde"), "corrupt"),
        (archive(qde(source(on(GRID))), {"autre.qde": b"<Project/>"}), "corrupt"),
        (archive(qde(""), {f"sources/{GUIDS['text']}.txt": b"\0" * 30_000_000}), "too_large"),
        (archive(qde(source(on(GRID))), {f"sources/{GUIDS['text']}.txt": b"a\0b"}), "binary"),
        (archive(qde("<x>" * 5000 + "</x>" * 5000)), "too_large"),
    ],
    ids=["empty", "no zip", "cut", "other root", "entities", "no project", "two projects", "bomb", "binary", "deep"],
)
def test_hostile_and_damaged_projects_are_refused(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        read_qdpx(data)
    assert caught.value.reason == reason


def test_a_small_file_that_names_one_text_again_and_again_is_refused() -> None:
    content = b"".join(zlib.crc32(bytes([n & 255, n >> 8])).to_bytes(4).hex().encode() for n in range(60_000)) * 4
    files = {f"sources/{GUIDS['text']}.txt": content}
    with pytest.raises(UnreadableError) as caught:
        read_qdpx(archive(qde(source("") * 100), files))
    assert caught.value.reason == "too_large"


def test_one_long_text_coded_whole_a_thousand_times_is_refused() -> None:
    text = "on trace tout " * 40_000
    users = "".join(f'<User guid="{n:08X}-AAAA-4BBB-8CCC-EEEEEEEEEEEE" name="u{n}"/>' for n in range(300))
    inside = "".join(coding().replace(GUIDS["ana"], f"{n:08X}-AAAA-4BBB-8CCC-EEEEEEEEEEEE") for n in range(300))
    files = {f"sources/{GUIDS['text']}.txt": text.encode()}
    with pytest.raises(UnreadableError) as caught:
        read_qdpx(archive(qde(source(selection(0, len(text) - 1, inside)), users=users), files))
    assert caught.value.reason == "too_large"


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_damaged_bytes_are_read_or_refused(data: st.DataObject) -> None:
    """Anything but `UnreadableError` fails here."""
    whole = bytearray(archive(qde(source(on(GRID)))))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(UnreadableError):
        read_qdpx(bytes(whole))


# --- Round trip: what `tag -f qdpx` writes, `coding import` reads.

BY = CodedBy(tool="tensions 9.9.9", coder="tensions-9.9.9+0123abcd", model="m", method=())
ROUND = {
    "reference": (["😀", " ", "é", "\n", "On coche"], [4]),
    "nfd": (["L'e\u0301quipe", " ", "se re\u0301unit", "\n\n", "tôt"], [0, 2, 4]),
    "spaces": (["Et", "\u202f", "?", "\u00a0", "Rien", "\u00a0", ":", " ", "on coche"], [0, 4, 8]),
    "offset 0 and end": (["Tout", " ", "est", "\n", "tracé"], [0, 4]),
}


def tagged(name: str, text: str, spans: list[tuple[int, int, Tags]]) -> TaggedDocument:
    document = Document(id=name, source=f"{name}.txt", format="txt", text=text, blocks=())
    passages = tuple(
        TaggedPassage(Passage(f"{name}#{start}-{end}", name, start, end, text[start:end]), tags)
        for start, end, tags in spans
    )
    return TaggedDocument(document, passages)


def make_tags(label: str, relation: Relation | None = None, axes: Mapping[str, tuple[str, ...]] | None = None) -> Tags:
    logics = {"mixte": codebook().poles, "neutre": ()}.get(label, (label,))
    return Tags(
        label=label,
        logics=logics,
        relation=relation,
        axes=axes or {},
        scores={"rationalisation": 0.5},
        evidence=(),
        certain=True,
        coded_by="model",
        model="m",
        relations=dict.fromkeys(codebook().pairs_of(logics), relation) if relation else {},
    )


def assert_comes_back(documents: list[TaggedDocument], line_ends: str) -> None:
    stream = io.BytesIO()
    write_qdpx(documents, BY, stream, line_ends=line_ends)  # type: ignore[arg-type]
    read = read_qdpx(stream.getvalue())
    assert [(one.id, one.document, one.start, one.end, one.text, one.coder, one.codes) for one in read.codings] == [
        (
            one.passage.id,
            document.document.id,
            one.passage.start,
            one.passage.end,
            one.passage.text,
            BY.coder,
            codes_of(one.tags),
        )
        for document in documents
        for one in document.passages
    ]
    assert read.texts == {document.document.id: document.document.text for document in documents}


@pytest.mark.parametrize("line_ends", ["lf", "crlf"])
@pytest.mark.parametrize(("pieces", "coded"), ROUND.values(), ids=ROUND)
def test_strings_of_the_reference_come_back(pieces: list[str], coded: list[int], line_ends: str) -> None:
    starts = [len("".join(pieces[:at])) for at in range(len(pieces))]
    spans = [(starts[at], starts[at] + len(pieces[at]), make_tags("mixte")) for at in coded]
    assert_comes_back([tagged("E01", "".join(pieces), spans)], line_ends)


def test_a_passage_moved_by_a_person_is_no_longer_ours() -> None:
    """The memo keeps our id; the stretch says whether it still holds."""
    stream = io.BytesIO()
    write_qdpx([tagged("E01", TEXT, [(32, 53, make_tags("mixte"))])], BY, stream)
    with zipfile.ZipFile(stream) as written:
        files = {name: written.read(name) for name in written.namelist()}
    moved = files.pop("project.qde").replace(b'endPosition="53"', b'endPosition="52"')
    (one,) = read_qdpx(archive(moved, files)).codings
    assert (one.text, one.id) == ("On remplit la grille", None)


words = st.sampled_from(["On", "l'e\u0301quipe", "coche", "é😀", "12", "😀", "madame", "œuvre", "R&D", "<b>", "«"])
gaps = st.sampled_from([" ", "\n", "\n\n", "\u00a0", "\u202f", " ; ", ".\n", "\t", "\u2028"])
all_tags = st.builds(
    make_tags,
    st.sampled_from(shipped().labels),
    st.none() | st.sampled_from(Relation),
    st.fixed_dictionaries({}, optional={"temps": st.just(("rationalisation",)), "cout": st.just(("professionnelle",))}),
)


@st.composite
def documents(draw: st.DrawFn) -> list[TaggedDocument]:
    made = []
    for number in range(draw(st.integers(1, 3))):
        pieces = draw(st.lists(st.tuples(words, gaps), min_size=1, max_size=25))
        text, edges = "", []
        for word, gap in pieces:
            edges.append((len(text), len(text) + len(word)))
            text += word + gap
        text = text[: edges[-1][1]]
        chosen = sorted(draw(st.sets(st.integers(0, len(edges) - 1), max_size=6)))
        spans = []
        for first, after in zip(chosen, [*chosen[1:], len(edges)], strict=False):
            last = draw(st.integers(first, after - 1))
            spans.append((edges[first][0], edges[last][1], draw(all_tags)))
        made.append(tagged(f"E{number}", text, spans))
    return made


@given(documents(), st.sampled_from(["lf", "crlf"]))
@settings(max_examples=150, deadline=None)
def test_what_is_written_comes_back(made: list[TaggedDocument], line_ends: str) -> None:
    assert_comes_back(made, line_ends)
