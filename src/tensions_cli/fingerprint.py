"""When two texts are one: what codes are matched by, so that they survive a file typed or saved again."""

import hashlib
import unicodedata

_FOLDED = str.maketrans({"’": "'", "ʼ": "'", "‘": "'"})


def fingerprint(text: str) -> bytes:
    """SHA-256 of a text whose white space, apostrophes and accents are written one way (NFC)."""
    plain = " ".join(unicodedata.normalize("NFC", text).translate(_FOLDED).split())
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).digest()
