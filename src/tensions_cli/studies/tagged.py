"""A corpus read and tagged once, kept in memory with its texts: what every study starts from."""

from collections.abc import Sequence
from dataclasses import dataclass

from tensions_cli.pipeline import (
    Batch,
    Options,
    Progress,
    field_names,
    load_tagged,
    nothing_counted,
    silent,
    tagged_passages,
)
from tensions_cli.records import TaggedPassage


@dataclass(frozen=True, slots=True)
class TaggedCorpus:
    """Documents, what was left out, and every passage with its tags, in order. `counted`: those in statistics."""

    batch: Batch
    passages: tuple[TaggedPassage, ...]

    @property
    def counted(self) -> tuple[TaggedPassage, ...]:
        """The passages that count in shares."""
        return tuple(one for one in self.passages if one.passage.counted)


def tag_corpus(sources: Sequence[str], options: Options, progress: Progress = silent) -> TaggedCorpus:
    """Read and tag everything. Raises TensionsError when nothing can be analysed, or nothing counts."""
    batch = load_tagged(sources, options, progress)
    field_names(batch.documents, options.by)
    passages = tuple(tagged_passages(batch))
    if not any(one.passage.counted for one in passages):
        raise nothing_counted(batch.documents)
    return TaggedCorpus(batch, passages)
