"""What happens around a WSGI application, for each of its requests."""

from __future__ import annotations

from engine.apps.wsgi.adapter import WSGIAdapter
from engine.errors import RequestEnded
from engine.request.exchange import Exchange
from engine.uwsgi_api.api import Api
from engine.uwsgi_api.context import enter_request

__all__ = ["Answering"]


class Answering:
    """Calls the application; its worker's loop thread only."""

    __slots__ = ("_adapter", "_api", "_hooks", "_instance")

    def __init__(self, api: Api, adapter: WSGIAdapter) -> None:
        self._api = api
        self._instance = api.instance
        self._hooks = api.hooks
        self._adapter = adapter

    def serve(self, exchange: Exchange) -> None:
        """Answer a request; call in its greenlet.  As ``Api.begin`` and ``Api.end`` around the call."""
        enter_request(exchange)
        self._instance.requests_started += 1
        try:
            self._adapter.serve(exchange, exchange.link.environ_base())
        except RequestEnded:
            pass  # the client was told, the log too
        finally:
            if "after_req_hook" in self._hooks:
                self._api.end(exchange)
