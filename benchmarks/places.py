"""Directories and files that the commands read and write."""

from pathlib import Path
from typing import Final

__all__ = ["README", "REFERENCE", "RESULTS", "ROOT"]

ROOT: Final = Path(__file__).resolve().parents[1]
RESULTS: Final = ROOT / "benchmarks" / "results"
README: Final = ROOT / "README.md"
REFERENCE: Final = ROOT / "docs" / "reference" / "benchmarks.md"
