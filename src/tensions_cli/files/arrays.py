"""Arrays of numbers stored in one file (npz): read whole within bounds, or refused; nothing in them is executed."""

import io
import zipfile

import numpy as np
from numpy.typing import NDArray

from tensions_cli.files.container import DAMAGE

MAX_BYTES = 500_000_000  # unpacked: twenty times the largest shipped model
NUMBERS = "fiu"  # kinds of arrays: floating point, integers


def read_arrays(content: bytes) -> dict[str, NDArray[np.generic]]:
    """The arrays of an npz file, by name.

    Raises ValueError for anything else: another file, a damaged one, one that swells beyond `MAX_BYTES`, pickled
    objects, arrays of something else than numbers.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > MAX_BYTES:
                raise ValueError("size")
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except (*DAMAGE, MemoryError, SyntaxError, TypeError, AttributeError, KeyError) as error:  # of a forged header too
        raise ValueError("arrays") from error
    if any(not isinstance(one, np.ndarray) or one.dtype.kind not in NUMBERS for one in arrays.values()):
        raise ValueError("numbers")
    return arrays
