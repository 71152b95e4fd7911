"""Forks from hub-run and from guest mode: fresh loop in the child, nothing lost in the parent."""
