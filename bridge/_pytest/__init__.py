"""Parts of the pytest plugin, each switched on by its own setting.

Ranks: ``settings`` < ``loops``, ``deadline`` < ``greenlets``; ``leaks``.
"""
