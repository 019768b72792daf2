"""The coded documents that the tests of writers use serve the round trips too."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "output"))
