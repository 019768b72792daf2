"""Files shared out between the cache, processes of this machine and a cluster; what each gives, in order.

Nothing here knows what a passage says: `one_file.py` does the work, `runtime/` moves it.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain

from tensions_cli import kept
from tensions_cli.corpus.read import file_bytes
from tensions_cli.errors import TensionsError, UnreadableError
from tensions_cli.one_file import FileReading, Item, Recipe, Told, content_of, do_file, do_files
from tensions_cli.records import Skipped
from tensions_cli.runtime import cache as store
from tensions_cli.runtime import cluster
from tensions_cli.runtime.workers import in_order, processes

# Bytes of files tagged together: about thirty thousand words, a second and a half of work. A file of thirty passages
# alone leaves half of each matrix empty: 148 such files take 6.2 s of processor one by one, 5.1 s together.
TOGETHER = 200_000
SHARES = 8  # stretches given to each process at least, so that none is left waiting at the end

Progress = Callable[[str, int, int], None]  # step, done, total


@dataclass(frozen=True, slots=True)
class Means:
    """By what the work is done. `jobs`: processes, 0 for as many as the machine and the work call for.

    `cache`: results of former runs serve, and those of this one are kept. `cluster`: address of a Dask scheduler.
    """

    jobs: int = 1
    cache: bool = False
    cluster: str | None = None


def share_out(
    recipe: Recipe, items: Sequence[Item], means: Means, progress: Progress, *, exact: bool = False
) -> list[FileReading]:
    """What each file gives, in order: from the cache, else done by one process or several.

    `exact`: a result kept serves only if the same was told of its documents; otherwise the caller looks at that.
    """
    step, total = ("étiquetage" if recipe.model else "lecture"), len(items)
    progress(step, 0, total)
    places = _places(items, recipe, means.cluster) if recipe.model and means.cache else {}
    recalled = {rank: one for rank, place in places.items() if (one := kept.recall(place)) is not None}
    if exact:
        recalled = {rank: one for rank, one in recalled.items() if _is_told(one, items[rank])}
    done: dict[int, FileReading] = {} if recipe.texts else dict(recalled)
    to_do: dict[int, Item] = {}
    for rank, item in enumerate(items):
        if rank in done:
            continue
        known = recalled.get(rank)
        told = {at: one.told for at, one in enumerate(known.readings)} if known else item.told
        to_do[rank] = replace(item, known=known, told=told)
    refused = False
    for rank, one in zip(to_do, _shared(recipe, list(to_do.values()), means), strict=True):
        done[rank] = one
        progress(step, len(done), total)
        if rank in places and to_do[rank].known is None and kept.keepable(recipe, one) and not refused:
            # In the place of what was done: the file may have changed since it was looked up.
            refused = not kept.keep(kept.place_of(to_do[rank].file, one.content, recipe), one)
    if places:
        store.make_room()
    progress(step, total, total)
    return [done[rank] for rank in range(total)]


def _is_told(done: FileReading, item: Item) -> bool:
    return all(one.told == item.told.get(rank, Told()) for rank, one in enumerate(done.readings))


def _places(items: Sequence[Item], recipe: Recipe, address: str | None) -> dict[int, store.Place]:
    """Where the cache keeps the result of each file that can be read."""
    contents: Iterable[str] = map(content_of, items)
    if address and any(item.file.url for item in items):  # the cluster is nearer to them than this machine
        told = partial(kept.identity, recipe.model or "")
        away = cluster.in_order(content_of, [item for item in items if item.file.url], address, _unknown, told)
        contents = (next(away) if item.file.url else content_of(item) for item in items)
    return {rank: kept.place_of(items[rank].file, one, recipe) for rank, one in enumerate(contents) if one}


def _unknown(_item: Item) -> str:
    return ""


def _shared(recipe: Recipe, items: Sequence[Item], means: Means) -> Iterator[FileReading]:
    if means.cluster and recipe.model:
        return _by_cluster(recipe, items, means.cluster)
    sizes = [_size(item) for item in items]
    jobs = processes(means.jobs, sum(sizes))
    # One file left to do goes to a process of its own too, where several were asked for: it may be the one that kills.
    jobs = min(jobs, max(2, len(items))) if items else 1
    most = TOGETHER if jobs == 1 else min(TOGETHER, sum(sizes) // (jobs * SHARES))
    some = together(items, sizes, most)
    return chain.from_iterable(in_order(partial(do_files, recipe), some, jobs, partial(_lost_together, recipe)))


def together(items: Sequence[Item], sizes: Sequence[int], most: int) -> list[tuple[Item, ...]]:
    """The files in stretches of at most `most` bytes, one file at least in each."""
    stretches: list[list[Item]] = []
    left = -1
    for item, size in zip(items, sizes, strict=True):
        if left < size:
            stretches.append([])
            left = max(most, size)
        stretches[-1].append(item)
        left -= size
    return [tuple(stretch) for stretch in stretches]


def _lost_together(recipe: Recipe, items: Sequence[Item]) -> tuple[FileReading, ...]:
    """What stands for files that killed their process: each is done alone, to know which one is at fault."""
    if len(items) == 1:
        return (_lost(items[0]),)
    alone = in_order(partial(do_files, recipe), [(item,) for item in items], 2, partial(_lost_together, recipe))
    return tuple(chain.from_iterable(alone))


def _by_cluster(recipe: Recipe, items: Sequence[Item], address: str) -> Iterator[FileReading]:
    """The same by other machines, which read the files themselves and send no text back: texts are read again here.

    What nobody else can read (the standard input), and what is tagged already, is done here. Raises TensionsError for
    a file that is here and not there.
    """
    model = recipe.model or ""
    model = os.path.abspath(model) if os.path.isdir(model) else model
    away = [_absolute(item) for item in items if _goes_away(item)]
    work = partial(do_file, replace(recipe, texts=False, show_dropped=False, model=model))
    results = cluster.in_order(work, away, address, _lost, partial(kept.identity, model)) if away else iter(())
    for item in items:
        if not _goes_away(item):
            yield do_file(recipe, item)
            continue
        one = next(results)
        if not one.content and _is_here(item):
            raise TensionsError(
                f"le cluster ne voit pas le fichier {item.file.name}",
                why="chaque machine lit elle-même ses fichiers, au même chemin\u00a0: aucun texte ne lui est envoyé",
                hint="mettez le corpus dans un dossier que toutes les machines partagent, ou donnez une adresse "
                "(s3://…)",
            )
        if not (recipe.texts or recipe.show_dropped):
            yield one
            continue
        yield do_file(recipe, replace(item, known=one)) if one.readings else one


def _goes_away(item: Item) -> bool:
    return item.data is None and item.known is None


def _absolute(item: Item) -> Item:
    return item if item.file.url else replace(item, file=replace(item.file, path=item.file.path.absolute()))


def _is_here(item: Item) -> bool:
    try:
        file_bytes(item.file)
    except (OSError, UnreadableError):
        return False
    return True


def _size(item: Item) -> int:
    with suppress(OSError):
        return item.file.path.stat().st_size if item.data is None else len(item.data)
    return item.file.size


def _lost(item: Item) -> FileReading:
    detail = "le travail sur ce fichier s’est arrêté net, deux fois (mémoire\u00a0?)\u00a0: découpez-le, ou retirez-le"
    return FileReading("", (), (Skipped(item.file.name, "crash", detail),))
