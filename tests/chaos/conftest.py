"""The parts of the chaos test, which `benchmarks/chaos.py` shares."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
