"""Spoilt files of every kind: read or refused with a reason, nothing lost, nothing quoted, never a fault of ours.

The valid files and the ways to spoil them are in `fuzz_files.py`, shared with `benchmarks/fuzz.py`.
"""

import json
import random
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from accounting import assert_accounted
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tensions_cli
from fuzz_files import CANARIES, CODE_SEEDS, SEEDS, mutated, seed_of
from tensions_cli.coding.read import read_codes
from tensions_cli.coding.understand import understand
from tensions_cli.corpus import read as reading
from tensions_cli.corpus.persons import load_all_persons
from tensions_cli.corpus.read import ReadOptions, read
from tensions_cli.corpus.sources import find_files
from tensions_cli.corpus.twins import without_twins
from tensions_cli.errors import UnreadableError
from tensions_cli.one_file import has_body
from tensions_cli.pipeline import Options, passages_of, prepare
from tensions_cli.records import Document, Skipped

OURS = str(Path(tensions_cli.__file__).parent)
NO_PERSONS = load_all_persons(())
QUICK = settings(max_examples=50, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
# 400 a reader: about four minutes in all; `benchmarks/fuzz.py` goes further.
LONG = settings(QUICK, max_examples=400)
RANDOMS = st.randoms(use_true_random=False)

# PDFium runs in a process of its own, a third of a second each time.
SLOW = {"pdf": 6}


def faults_of_ours(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where our own code fails, which `read` tells as a damaged file: a library may raise on one, we may not."""
    faults: list[str] = []
    read_one = reading._read_one

    def watched(*arguments: object) -> Iterator[Document | Skipped]:
        try:
            yield from read_one(*arguments)
        except (UnreadableError, OSError):
            raise
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            if last.filename.startswith(OURS) or isinstance(error, RecursionError | MemoryError):
                faults.append(f"{type(error).__name__} in {Path(last.filename).name}, line {last.lineno}")
            raise

    monkeypatch.setattr(reading, "_read_one", watched)
    return faults


def assert_laid_out(document: Document) -> None:
    """Blocks and zones are in order, apart, on visible characters; everything can be written out."""
    at = 0
    for start, end in sorted((part.start, part.end) for part in (*document.blocks, *document.zones)):
        assert at <= start < end <= len(document.text)
        assert document.text[start:end] == document.text[start:end].strip()
        at = end
    assert [block.start for block in document.blocks] == sorted(block.start for block in document.blocks)
    times = [(block.time_start, block.time_end) for block in document.blocks]
    voices = [block.voice for block in document.blocks]
    written = [document.id, document.text, dict(document.metadata), document.notices, voices, times]
    json.dumps(written, ensure_ascii=False, allow_nan=False).encode("utf-8")


def assert_silent(messages: list[str], canaries: tuple[str, ...]) -> None:
    for message in messages:
        assert not any(canary in message for canary in canaries)


def check_texts(reader: str, rng: random.Random, faults: list[str]) -> None:
    """Read one spoilt file from a folder, then every later step up to the passages."""
    extension, data = mutated(reader, rng)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"entretien.{extension}").write_bytes(data)
        unit = "record" if rng.randrange(8) == 0 else "passage"
        results = list(read(find_files([folder]), ReadOptions(unit=unit)))
    assert faults == []
    ready: list[Document] = []
    for result in results:
        if isinstance(result, Skipped):
            assert_silent([result.detail], CANARIES)
            continue
        assert_silent([*result.notices, *(zone.detail for zone in result.zones)], CANARIES)
        if not result.record:
            assert_laid_out(result)
            assert_accounted(result)
        for options in (Options(), Options(any_language=True, repair=True, keep_interviewer=True)):
            document = prepare(result, options, NO_PERSONS)
            if document is None or not has_body(document):
                continue
            for passage in passages_of([document], options):
                assert passage.text == document.text[passage.start : passage.end]
            # Speakers are named, so that a role can be corrected; what they say is not.
            assert_silent([*document.notices, *(member.ground for member in document.cast)], CANARIES[:1])
            ready.append(document)
    if ready:
        kept, twins, notices = without_twins(ready, False)
        assert kept
        assert_silent([*notices, *(twin.detail for twin in twins)], CANARIES[:1])


def check_codes(reader: str, rng: random.Random) -> None:
    """Read one spoilt file of codes and understand it."""
    _, data = mutated(reader, rng)
    try:
        _, codings = read_codes(data)
    except UnreadableError as refused:
        assert_silent([refused.detail], CANARIES)
        return
    for coding in codings.codings:
        if coding.start is not None and coding.end is not None and coding.document in codings.texts:
            assert 0 <= coding.start < coding.end <= len(codings.texts[coding.document])
    passages, problems = understand(codings)
    json.dumps(passages, ensure_ascii=False, allow_nan=False).encode("utf-8")
    assert_silent([*codings.notices, *(f"{problem.place} {problem.reason}" for problem in problems)], CANARIES)


@pytest.mark.parametrize("reader", SEEDS)
def test_the_valid_files_are_read(reader: str, tmp_path: Path) -> None:
    seed = seed_of(reader)
    (tmp_path / f"entretien.{seed.extension}").write_bytes(seed.data)
    results = list(read(find_files([str(tmp_path)])))
    assert results
    assert all(isinstance(result, Document) for result in results)
    assert any("remplir la grille" in result.text for result in results if isinstance(result, Document))


@pytest.mark.parametrize("reader", CODE_SEEDS)
def test_the_valid_files_of_codes_are_read(reader: str) -> None:
    _, codings = read_codes(seed_of(reader).data)
    passages, _ = understand(codings)
    assert passages


@pytest.mark.parametrize("reader", SEEDS)
def test_spoilt_files_are_read_or_refused(reader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    faults = faults_of_ours(monkeypatch)
    few = settings(QUICK, max_examples=SLOW.get(reader, QUICK.max_examples))
    few(given(RANDOMS)(lambda rng: check_texts(reader, rng, faults)))()


@pytest.mark.parametrize("reader", CODE_SEEDS)
def test_spoilt_files_of_codes_are_read_or_refused(reader: str) -> None:
    QUICK(given(RANDOMS)(lambda rng: check_codes(reader, rng)))()


@pytest.mark.full
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("reader", [*SEEDS, *CODE_SEEDS])
def test_many_spoilt_files_are_read_or_refused(reader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if reader in CODE_SEEDS:
        LONG(given(RANDOMS)(lambda rng: check_codes(reader, rng)))()
        return
    faults = faults_of_ours(monkeypatch)
    many = settings(LONG, max_examples=LONG.max_examples // (10 if reader in SLOW else 1))
    many(given(RANDOMS)(lambda rng: check_texts(reader, rng, faults)))()
