"""One record per option, one module per section of ``--help``.

May import :mod:`engine.address`, :mod:`engine.errors` and :mod:`engine.config.values`.
"""

from engine.config.options.record import Option, Section, Status
from engine.config.options.table import OPTIONS, OptionTable

__all__ = ["OPTIONS", "Option", "OptionTable", "Section", "Status"]
