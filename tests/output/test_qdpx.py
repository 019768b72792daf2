"""REFI-QDA projects: valid for the published schema, sound beyond it, and read as QualCoder reads them.

`tests/schemas/Project.xsd` is the schema of the REFI-QDA standard as published by REFI (18 March 2019, MIT licence,
in its first lines).
"""

import hashlib
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

import pytest
from lxml import etree

from tensions_cli.knowledge.code_names import all_codes
from tensions_cli.knowledge.codebook import codebook
from tensions_cli.knowledge.files import read_toml
from tensions_cli.output.qdpx import write_qdc, write_qdpx
from tensions_cli.records import (
    CodedBy,
    Document,
    Passage,
    Relation,
    Role,
    TaggedDocument,
    TaggedPassage,
    Tags,
)

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).parents[1] / "schemas" / "Project.xsd"))
Q = "{urn:QDA-XML:project:1.0}"
BY = CodedBy(
    tool="tensions 9.9.9",
    coder="tensions-9.9.9+0123abcd",
    model="base 0123abcd",
    method=("Codes proposés par une machine : à relire.", "Grille de codage version 4."),
)
INTERVIEW = (
    "E : Ça se passe comment, les évaluations ?\n"
    "Mme Lerouge : On coche des cases, on n’a plus le temps d’écouter.\n"
    "E : D’accord.\n"
    "M. Quintard : Moi, je prends le temps quand même ; le tableau attendra.\n"
)


def tags(label: str = "neutre", coded_by: str = "model", **more: object) -> Tags:
    logics = {"mixte": codebook().poles, "neutre": ()}.get(label, (label,))
    relation = more.get("relation")
    base: dict[str, object] = {
        "label": label,
        "logics": logics,
        "relation": None,
        "relations": dict.fromkeys(codebook().pairs_of(logics), relation) if relation else {},
        "axes": {},
        "scores": {"rationalisation": 0.93, "professionnelle": 0.1234},
        "evidence": (),
        "certain": True,
        "coded_by": coded_by,
        "model": "base 0123abcd",
    }
    return Tags(**(base | more))  # type: ignore[arg-type]


def passage(document: Document, words: str, tag: Tags | None = None, **more: object) -> TaggedPassage:
    start = document.text.index(words)
    end = start + len(words)
    record = Passage(id=f"{document.id}#{start}-{end}", document=document.id, start=start, end=end, text=words, **more)  # type: ignore[arg-type]
    return TaggedPassage(record, tag or tags())


def document(name: str, text: str, **metadata: str) -> Document:
    return Document(id=name, source=f"{name}.txt", format="txt", text=text, blocks=(), metadata=metadata)


def interview(name: str = "E01", **metadata: str) -> TaggedDocument:
    """One question, two answers from two people, of which the first is a tension; a backchannel is not counted."""
    doc = document(name, INTERVIEW, **metadata)
    tension = tags(
        "mixte",
        relation=Relation.OPPOSITION,
        stance={"rationalisation": "contestee", "professionnelle": "menacee"},
        axes={"temps": ("rationalisation", "professionnelle")},
    )
    question = {"role": Role.INTERVIEWER, "counted": False, "excluded_reason": "interviewer"}
    return TaggedDocument(
        doc,
        (
            passage(doc, "Ça se passe comment, les évaluations ?", turn=1, speaker="E", **question),
            passage(
                doc,
                "On coche des cases, on n’a plus le temps d’écouter.",
                tension,
                turn=2,
                speaker="Mme Lerouge",
                role=Role.RESPONDENT,
            ),
            passage(doc, "D’accord.", turn=3, speaker="E", **question),
            passage(
                doc,
                "Moi, je prends le temps quand même ; le tableau attendra.",
                tags("professionnelle", stance={"professionnelle": "soutenue"}, certain=False),
                turn=4,
                speaker="M. Quintard",
                role=Role.RESPONDENT,
            ),
        ),
    )


def exported(*documents: TaggedDocument, by: CodedBy = BY, line_ends: str = "lf") -> bytes:
    stream = io.BytesIO()
    write_qdpx(documents, by, stream, line_ends=line_ends)  # type: ignore[arg-type]
    return stream.getvalue()


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def project(data: bytes) -> etree._Element:
    return etree.fromstring(members(data)["project.qde"])


def assert_sound(data: bytes) -> None:
    """What the schema asks, then what it lets through although tools break on it (formats.md §9.4, right column)."""
    files = members(data)
    SCHEMA.assertValid(etree.fromstring(files["project.qde"]))
    assert not any(content.startswith(b"\xef\xbb\xbf") for content in files.values())
    assert b"&#" not in files["project.qde"]
    root = project(data)
    guids = [element.get("guid") for element in root.iter() if "guid" in element.attrib]
    assert len(set(guids)) == len(guids)
    for element in root.iter():
        for key, value in element.attrib.items():
            if key in ("guid", "targetGUID", "creatingUser", "creatingUserGUID"):
                assert re.fullmatch(r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", value)
            if key in ("targetGUID", "creatingUser", "creatingUserGUID"):
                assert value in guids
            if key == "creationDateTime":
                assert value.endswith("Z")
    texts = set()
    for source in root.iter(f"{Q}TextSource"):
        path = source.get("plainTextPath", "")
        assert source.find(f"{Q}PlainTextContent") is None
        assert source.get("richTextPath") is None
        assert path == f"internal://{source.get('guid')}.txt"
        texts.add(f"sources/{path.removeprefix('internal://')}")
        text = files[f"sources/{path.removeprefix('internal://')}"].decode("utf-8")
        for selection in source.iter(f"{Q}PlainTextSelection"):
            assert 0 <= int(selection.get("startPosition", "")) < int(selection.get("endPosition", "")) <= len(text)
    assert set(files) == {"project.qde"} | texts


def slices(data: bytes) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Text of each selection, at the place the file says, with the names of its codes."""
    files, root = members(data), project(data)
    names = {code.get("guid"): code.get("name", "") for code in root.iter(f"{Q}Code")}
    for source in root.iter(f"{Q}TextSource"):
        text = files[f"sources/{source.get('guid')}.txt"].decode("utf-8")
        for one in source.iter(f"{Q}PlainTextSelection"):
            codes = tuple(names[ref.get("targetGUID")] for ref in one.iter(f"{Q}CodeRef"))
            yield text[int(one.get("startPosition", "")) : int(one.get("endPosition", ""))], codes


def note(data: bytes) -> str:
    return project(data).findtext(f"{Q}Notes/{Q}Note/{Q}PlainTextContent") or ""


def test_a_project_is_valid_and_says_where_each_code_stands() -> None:
    data = exported(interview(structure="IME"), interview("E02", structure="SESSAD", genre="entretien"))
    assert_sound(data)
    expected = [
        (
            "On coche des cases, on n’a plus le temps d’écouter.",
            (
                "mixte",
                "opposition",
                "rationalisation contestee",
                "professionnelle menacee",
                "temps (rationalisation)",
                "temps (professionnelle)",
            ),
        ),
        (
            "Moi, je prends le temps quand même ; le tableau attendra.",
            ("professionnelle", "professionnelle soutenue"),
        ),
    ]
    assert list(slices(data)) == expected * 2


def test_the_schema_and_the_checks_refuse_what_breaks_tools() -> None:
    """The two checkers above are able to fail."""
    good = members(exported(interview()))["project.qde"].decode("utf-8")
    for broken in (
        good.replace('isCodable="true"', 'isCodable="True"'),
        good.replace('typeOfVariable="Text"', 'typeOfVariable="text"').replace("<Sources>", "<Sets/><Sources>"),
        re.sub(r"(?s)(<CodeBook>.*</CodeBook>\n)(.*)(<Notes>)", r"\2\1\3", good),
        good.replace("T00:00:00Z", " 00:00:00Z"),
    ):
        assert broken != good
        assert not SCHEMA.validate(etree.fromstring(broken.encode("utf-8")))
    stream = io.BytesIO(exported(interview()))
    dangling = re.sub(r'CodeRef targetGUID="[^"]+"', f'CodeRef targetGUID="{"0" * 8}-0000-0000-0000-{"0" * 12}"', good)
    with zipfile.ZipFile(stream) as old, zipfile.ZipFile(changed := io.BytesIO(), "w") as new:
        for name in old.namelist():
            new.writestr(name, dangling if name == "project.qde" else old.read(name))
    with pytest.raises(AssertionError):
        assert_sound(changed.getvalue())


def test_the_codebook_is_whole_with_rules_and_distinct_colours() -> None:
    root = project(exported(interview()))
    parents = root.findall(f"{Q}CodeBook/{Q}Codes/{Q}Code")
    assert [parent.get("name") for parent in parents] == ["Logiques", "Relations", "Postures", "Axes"]
    assert {parent.get("isCodable") for parent in parents} == {"false"}
    leaves = [code for parent in parents for code in parent.findall(f"{Q}Code")]
    assert [code.get("name") for code in leaves] == [code.name for code in all_codes()]
    assert {code.get("isCodable") for code in leaves} == {"true"}
    assert [code.findtext(f"{Q}Description") for code in leaves] == [code.description for code in all_codes()]
    colours = [code.get("color") for code in leaves]
    assert len(set(colours)) == len(colours) == len(read_toml("qda.toml")["colours"])


def test_no_name_of_a_speaker_in_the_project_itself() -> None:
    """Labels stay in the text, which is the user's; `project.qde` says roles and ranks."""
    qde = members(exported(interview()))["project.qde"].decode("utf-8")
    assert "Lerouge" not in qde
    assert "Quintard" not in qde
    assert "rôle=enquêté" in qde
    names = [case.get("name") for case in project(exported(interview())).iter(f"{Q}Case")]
    assert names == ["E01 – personne 1", "E01 – personne 2"]


def test_nothing_of_the_machine_that_writes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("USER", "canari-utilisateur")
    monkeypatch.setenv("LOGNAME", "canari-utilisateur")
    folder = tmp_path / "canari-dossier"
    folder.mkdir()
    monkeypatch.chdir(folder)
    data = exported(interview())
    everything = data + b"".join(members(data).values())
    for canary in (b"canari", str(Path.home()).encode(), str(tmp_path).encode()):
        assert canary not in everything
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            assert (info.date_time, info.extra, info.comment) == ((1980, 1, 1, 0, 0, 0), b"", b"")
            assert not info.filename.startswith(("/", "."))


def test_same_documents_same_bytes_and_dates_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    first = exported(interview(structure="IME"))
    assert first == exported(interview(structure="IME"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")  # 14 November 2023, 22:13:20 UTC
    dated = exported(interview(structure="IME"))
    assert b"2023-11-14T22:13:20Z" in members(dated)["project.qde"]
    with zipfile.ZipFile(io.BytesIO(dated)) as archive:
        assert {info.date_time[:3] for info in archive.infolist()} == {(2023, 11, 14)}
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "demain")
    assert exported(interview(structure="IME")) == first


def test_members_are_sorted_and_texts_are_canonical() -> None:
    data = exported(interview("E02"), interview("E01"), interview("à part/E03"))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
    assert names == sorted(names)
    assert names[0] == "project.qde"
    assert [members(data)[name].decode("utf-8") for name in names[1:]] == [INTERVIEW] * 3


def test_guids_come_from_documents_and_codes_alone() -> None:
    """Another model, another order of documents: the same objects for tools that merge projects."""
    other = CodedBy(tool="tensions 10", coder="tensions-10+ffffffff", model="fine", method=())

    def guids(data: bytes) -> set[str]:
        kinds = ("TextSource", "PlainTextSelection", "Coding", "Code", "Case")
        return {one.get("guid", "") for kind in kinds for one in project(data).iter(f"{Q}{kind}")}

    one = exported(interview("E01"), interview("E02"))
    two = exported(interview("E02"), interview("E01"), by=other)
    assert guids(one) == guids(two)
    assert {UUID(guid).version for guid in guids(one)} == {5}


@pytest.mark.parametrize(("line_ends", "start"), [("lf", 4), ("crlf", 5)])
def test_offsets_of_the_reference(line_ends: str, start: int) -> None:
    """Values of formats.md §2 for `😀 é⏎On coche`."""
    doc = document("E01", "😀 é\nOn coche")
    data = exported(TaggedDocument(doc, (passage(doc, "On coche"),)), line_ends=line_ends)
    (selection,) = project(data).iter(f"{Q}PlainTextSelection")
    assert (selection.get("startPosition"), selection.get("endPosition")) == (str(start), str(start + 8))
    (text,) = (content for name, content in members(data).items() if name != "project.qde")
    assert text == ("😀 é\nOn coche" if line_ends == "lf" else "😀 é\r\nOn coche").encode()
    assert ("CRLF" in note(data)) == (line_ends == "crlf")


TEXTS = {
    "nfd": "L'e\u0301quipe se re\u0301unit. On coche des cases.",
    "spaces": "Et le soir\u202f?\u00a0Rien\u00a0: on coche des cases.",
    "breaks": "Page une\x0cPage deux\x85suite\u2028fin\nOn coche des cases.",
    "markup": '<b>R&D</b> dit "non" ]]> On coche des cases.',
}


@pytest.mark.parametrize("line_ends", ["lf", "crlf"])
@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_every_passage_is_where_it_is_said(text: str, line_ends: str) -> None:
    doc = document("E<&\"'>01", text, **{'a"<&b': 'c"<&d'})
    whole = passage(doc, text)
    data = exported(TaggedDocument(doc, (whole, passage(doc, "n coche des cases."))), line_ends=line_ends)
    assert_sound(data)
    found = [words.replace("\r\n", "\n") for words, _ in slices(data)]
    assert found == [text.replace("\x0c", " "), "n coche des cases."]
    assert project(data).find(f"{Q}Sources/{Q}TextSource").get("name") == "E<&\"'>01"  # type: ignore[union-attr]


def test_what_xml_forbids_is_replaced_one_for_one_and_counted() -> None:
    text = "\ufeffAvant\x00\x0b\x1f\ufffe\ud800\rApr\u00e8s. On coche."
    doc = document("E\x01", text, **{"n\x02": "v\uffff"})
    data = exported(TaggedDocument(doc, (passage(doc, "On coche."),)))
    assert_sound(data)
    assert [words for words, _ in slices(data)] == ["On coche."]
    (written,) = (content for name, content in members(data).items() if name != "project.qde")
    assert written.decode("utf-8") == " Avant      Apr\u00e8s. On coche."
    assert "caractères interdits en XML, remplacés par un espace\u00a0: 7" in note(data)


def test_the_note_says_how_it_was_made_and_what_is_not_there() -> None:
    doc = document("E03", "Oui, oui. On tient le tableau.")
    short = passage(doc, "Oui, oui.", counted=False, excluded_reason="short")
    said = note(exported(interview(), TaggedDocument(doc, (short, passage(doc, "On tient le tableau.")))))
    assert said.startswith("\n".join(BY.method))
    assert "passages exportés\u00a0: 3" in said
    assert "passages de l’enquêteur, non exportés\u00a0: 2" in said
    assert "passages de deux mots ou moins, non exportés\u00a0: 1" in said
    assert f"E01\u00a0: {hashlib.sha256(INTERVIEW.encode()).hexdigest()}" in said


def test_what_codes_cannot_say_is_in_the_description() -> None:
    first, second = (
        one.text for one in project(exported(interview())).iter(f"{Q}Description") if "label=" in (one.text or "")
    )
    start = INTERVIEW.index("On coche")
    assert first == (
        "auto; label=mixte; relation=opposition; rationalisation=0.93; professionnelle=0.1234; certain=oui; tour=2; "
        f"rôle=enquêté; id=E01#{start}-{start + 51}"
    )
    assert "certain=non" in (second or "")


def test_variables_belong_to_the_case_of_the_document() -> None:
    doc = document("E03", "On tient le tableau.", structure="IME", annee="2026", vide="")
    root = project(exported(TaggedDocument(doc, (passage(doc, "On tient le tableau."),))))
    variables = {one.get("guid"): one.get("name") for one in root.iter(f"{Q}Variable")}
    assert sorted(variables.values()) == ["annee", "structure"]
    (case,) = root.iter(f"{Q}Case")
    values = {
        variables[value.find(f"{Q}VariableRef").get("targetGUID")]: value.findtext(f"{Q}TextValue")  # type: ignore[union-attr]
        for value in case.iter(f"{Q}VariableValue")
    }
    assert values == {"structure": "IME", "annee": "2026"}
    (source,) = root.iter(f"{Q}TextSource")
    assert [one.get("targetGUID") for one in case.iter(f"{Q}SourceRef")] == [source.get("guid")]


def test_several_people_are_several_cases_of_their_own_passages() -> None:
    root = project(exported(interview(structure="IME")))
    selections = [one.get("guid") for one in root.iter(f"{Q}PlainTextSelection")]
    cases = list(root.iter(f"{Q}Case"))
    assert [[one.get("targetGUID") for one in case.iter(f"{Q}SelectionRef")] for case in cases] == [
        [selections[0]],
        [selections[1]],
    ]
    assert [case.findtext(f"{Q}VariableValue/{Q}TextValue") for case in cases] == ["IME", "IME"]
    assert not list(root.iter(f"{Q}SourceRef"))


def test_people_who_coded_are_users_of_their_own_without_their_name() -> None:
    doc = document("E01", "On trace tout. On écoute aussi. On attend.")
    passages = (
        passage(doc, "On trace tout.", tags("rationalisation")),
        passage(doc, "On écoute aussi.", tags("professionnelle", coded_by="Solène Ferrand", scores={})),
        passage(doc, "On attend.", tags("neutre", coded_by="codeur 2", scores={})),
    )
    data = exported(TaggedDocument(doc, passages))
    assert_sound(data)
    assert b"Ferrand" not in members(data)["project.qde"]
    users = {user.get("guid"): user.get("name") for user in project(data).iter(f"{Q}User")}
    owners = [users[one.get("creatingUser")] for one in project(data).iter(f"{Q}Coding")]
    assert owners == ["tensions-9.9.9+0123abcd", "codeur humain 1", "codeur 2"]


def test_the_machine_is_the_only_user_of_a_machine_coding() -> None:
    (user,) = project(exported(interview())).iter(f"{Q}User")
    assert set(user.attrib) == {"guid", "name"}
    assert user.get("name") == BY.coder


def test_a_passage_that_is_not_its_text_is_refused() -> None:
    doc = document("E01", "On trace tout.")
    wrong = TaggedPassage(Passage(id="E01#0-5", document="E01", start=0, end=5, text="autre"), tags())
    with pytest.raises(ValueError, match="E01#0-5"):
        exported(TaggedDocument(doc, (wrong,)))


@pytest.mark.parametrize("documents", [(), (TaggedDocument(document("vide", ""), ()),)], ids=["none", "empty"])
def test_nothing_to_say_is_still_a_valid_project(documents: Sequence[TaggedDocument]) -> None:
    assert_sound(exported(*documents))


def test_the_codebook_alone() -> None:
    stream = io.BytesIO()
    write_qdc(BY, stream)
    root = etree.fromstring(stream.getvalue())
    assert root.tag == "{urn:QDA-XML:codebook:1.0}CodeBook"
    assert root.attrib == {"origin": "tensions 9.9.9"}
    assert [child.tag for child in root] == ["{urn:QDA-XML:codebook:1.0}Codes"]  # an empty Sets is forbidden
    # In the two schemas `Codes` has the same type, but for notes, which are not written.
    book = stream.getvalue().decode("utf-8").partition("<CodeBook")[2].partition(">")[2]
    assert SCHEMA.validate(etree.fromstring(f'<Project xmlns="{Q[1:-1]}" name="x"><CodeBook>{book}</Project>'))
    inside = members(exported())["project.qde"].decode("utf-8").partition("<Codes>")[2].partition("</Codes>")[0]
    assert inside in stream.getvalue().decode("utf-8")


def as_qualcoder(data: bytes) -> tuple[list[tuple[str, str, str, str]], dict[str, str | None], list[str]]:
    """Codings (source, code, coder, words), code → category, and what is lost, as QualCoder's importer has them.

    The rules are those of `RefiImport` in `src/qualcoder/refi.py` of ccbogel/QualCoder, commit 06db5fab.
    """
    files = members(data)
    (name,) = (name for name in files if "/" not in name and name.endswith(".qde"))
    root = etree.fromstring(files[name])
    users = {user.get("guid"): user.get("name", "") for user in root.iter(f"{Q}User")}
    folder = "sources" if any(name.startswith("sources/") for name in files) else "Sources"
    codes: dict[str | None, str] = {}
    categories: dict[str, str | None] = {}
    lost: list[str] = []

    def enter(code: etree._Element, category: str | None) -> None:
        children = list(code)
        said = code.get("name", "")
        if any(child.tag == f"{Q}Code" for child in children) or code.get("isCodable") == "false":
            for child in children:
                if child.tag == f"{Q}Code":
                    enter(child, said)
        elif said in categories:  # a name is unique in its table of codes
            lost.append(said)
        elif [child.tag for child in children] in ([], [f"{Q}Description"]):
            codes[code.get("guid")] = said
            categories[said] = category
        else:  # any other child, and the code is not imported
            lost.append(said)

    for code in root.findall(f"{Q}CodeBook/{Q}Codes/{Q}Code"):
        enter(code, None)
    codings = []
    taken: set[str] = set()
    for source in root.findall(f"{Q}Sources/{Q}TextSource"):
        if (named := source.get("name", "")) in taken:
            lost.append(named)
        taken.add(named)
        content = files[folder + source.get("plainTextPath", "").split("internal:/")[1]]
        text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8").read()
        if content.partition(b"\n")[0].endswith(b"\r") and "ATLAS" not in root.get("origin", ""):
            text = text.replace("\n", "\n ")
        for selection in source.findall(f"{Q}PlainTextSelection"):
            assert "T" in selection.get("creationDateTime", "")  # without a date, earlier versions stop
            found = selection.findall(f"{Q}Coding")
            if not found:
                lost.append("annotation")
            words = text[int(selection.get("startPosition", "")) : int(selection.get("endPosition", ""))]
            owner = users.get(selection.get("creatingUser"), "default")
            codings += [(named, codes[next(iter(coding)).get("targetGUID")], owner, words) for coding in found]
    return codings, categories, lost


@pytest.mark.parametrize("line_ends", ["lf", "crlf"])
def test_qualcoder_reads_every_code_on_its_words(line_ends: str) -> None:
    codings, categories, lost = as_qualcoder(
        exported(interview(structure="IME"), interview("E02"), line_ends=line_ends)
    )
    first = "On coche des cases, on n’a plus le temps d’écouter."
    second = "Moi, je prends le temps quand même ; le tableau attendra."
    codes = [
        (first, "mixte"),
        (first, "opposition"),
        (first, "rationalisation contestee"),
        (first, "professionnelle menacee"),
        (first, "temps (rationalisation)"),
        (first, "temps (professionnelle)"),
        (second, "professionnelle"),
        (second, "professionnelle soutenue"),
    ]
    assert codings == [(doc, code, BY.coder, words) for doc in ("E01", "E02") for words, code in codes]
    assert categories == {code.name: code.family for code in all_codes()}
    assert lost == []
