"""An application written for gevent-websocket's own server."""

from collections import OrderedDict

from geventwebsocket import Resource, WebSocketApplication, WebSocketError


class Echo(WebSocketApplication):
    def on_open(self):
        self.ws.send("open")

    def on_message(self, message):
        if message is None:
            return
        try:
            self.ws.send(message)
        except WebSocketError as error:
            print(error, flush=True)

    def on_close(self, reason=None):
        print("resource: closed", flush=True)


def page(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"page"]


application = Resource(OrderedDict([("^/echo", Echo), ("^/", page)]))
