"""The logics that each label of the shipped codebook stands for, written out: tests do not ask the program."""

M, P = "rationalisation", "professionnelle"
LOGICS = {M: (M,), P: (P,), "mixte": (M, P), "neutre": ()}
