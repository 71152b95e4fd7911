"""Coverage-guided fuzzing of the parsers with atheris: see README.md."""
