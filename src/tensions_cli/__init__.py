"""Which logic speaks where in French texts about social work and care."""

__version__ = "0.1.0"

import os

# One thread for linear algebra, set before numpy is imported. The products are small: on a machine with other work,
# threads that wait for one another made tagging five to twenty times slower (the demo corpus three times: 1.5 s
# against 8 to 33 s on two busy cores), and how a product is shared out moves its last digits.
for _library in ("OPENBLAS", "OMP", "MKL"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")
