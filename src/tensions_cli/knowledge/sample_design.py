"""What every stage must know of the design of a sample: the file that tells how passages to code were drawn."""

SCHEMA = "tensions-sample/1"
SUFFIX = ".tirage.json"
RANDOM, UNCERTAIN, DIVERSE, MIXED = DRAWN = ("random", "uncertain", "diverse", "mixed")
MOST_WEIGHT = 1_000_000_000  # no corpus has so many passages; beyond, sums of squares lose the other weights
