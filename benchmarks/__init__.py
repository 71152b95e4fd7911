"""Everything that is measured; ``python -m benchmarks`` runs it."""
