"""The hub as a guest: what is queued, who hosts, and how control passes between them.

Ranks: ``scheduler`` (queues, no switching) < ``trampoline`` (switching) <
``driver`` (the private loop) and ``hosts`` (user loops).
"""
