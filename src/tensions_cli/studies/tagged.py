"""A corpus read and tagged once, kept in memory with its texts: what every study starts from."""

from collections.abc import Sequence
from dataclasses import dataclass

from tensions_cli.pipeline import Batch, Options, Progress, field_names, load, nothing_counted, silent, tagged_passages
from tensions_cli.records import TaggedPassage
from tensions_cli.tagging.classifier import Model
from tensions_cli.tagging.model_folder import open_model


@dataclass(frozen=True, slots=True)
class TaggedCorpus:
    """Documents, what was left out, and every passage with its tags, in order. `counted`: those in statistics."""

    batch: Batch
    model: Model
    passages: tuple[TaggedPassage, ...]

    @property
    def counted(self) -> tuple[TaggedPassage, ...]:
        """The passages that count in shares."""
        return tuple(one for one in self.passages if one.passage.counted)


def tag_corpus(
    sources: Sequence[str], options: Options, progress: Progress = silent, model: Model | None = None
) -> TaggedCorpus:
    """Read and tag everything, with a model already loaded or that of the options.

    Raises TensionsError when nothing can be analysed, or nothing counts; an unknown grouping field is refused before
    the tagging, which is what takes time.
    """
    model = model or open_model(options.model)
    batch = load(sources, options, progress)
    field_names(batch.documents, options.by)
    passages = tuple(tagged_passages(batch, model, options, progress))
    if not any(one.passage.counted for one in passages):
        raise nothing_counted(batch.documents)
    return TaggedCorpus(batch, model, passages)
