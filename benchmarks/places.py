"""Directories and files that the commands read and write."""

from pathlib import Path
from typing import Final

__all__ = ["PICTURES", "README", "REFERENCE", "RESULTS", "ROOT", "pictures_of"]

ROOT: Final = Path(__file__).resolve().parents[1]
RESULTS: Final = ROOT / "benchmarks" / "results"
README: Final = ROOT / "README.md"
REFERENCE: Final = ROOT / "docs" / "reference" / "benchmarks.md"
# Below docs/, as MkDocs takes nothing from elsewhere.
PICTURES: Final = REFERENCE.parent / "pictures"


def pictures_of(results: Path) -> Path:
    """Where the pictures of results go: beside them, unless they are the committed ones."""
    return PICTURES if results.resolve() == RESULTS else results
