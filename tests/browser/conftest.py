"""What the tests of the browser share with those of the renderings: reports made by hand."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "output"))
