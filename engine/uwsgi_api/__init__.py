"""The module ``uwsgi`` that applications import inside the server, and ``uwsgidecorators``.

May import everything of ``engine`` below ``worker``, and ``bridge``.
"""
