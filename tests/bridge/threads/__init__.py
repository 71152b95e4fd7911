"""One hub and one loop per native thread."""
