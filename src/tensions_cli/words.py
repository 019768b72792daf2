"""What a word is, everywhere in the project."""

import re

# A run of letters and digits; combining accents and soft hyphens belong to it, so that a text in NFD
# has as many words as the same text in NFC.
WORD = re.compile(r"[^\W_]+(?:[\u0300-\u036f\u00ad]+[^\W_]*)*")


def count_words(text: str, start: int = 0, end: int | None = None) -> int:
    """Number of alphanumeric tokens of `text[start:end]`.

    A token is a run of letters and digits: « l’usager » and « aujourd'hui » are two, « 3,5 » two,
    « éducateur·rice·s » three, whatever the apostrophe and the Unicode form (NFC or NFD).
    """
    return len(WORD.findall(text, start, len(text) if end is None else end))
