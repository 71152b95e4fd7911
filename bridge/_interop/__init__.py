"""How tasks and greenlets wait for each other."""
