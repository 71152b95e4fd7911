"""The parts of ``uwsgidecorators``, imported by :mod:`engine.uwsgi_api.decorators` only.

Each takes the module ``uwsgi`` at import, so none can be imported outside a server, and keeps what was
registered in lists of the process, which belongs to one server.
"""
