"""A chat over websockets and Redis: everybody sees what anybody writes, whichever worker serves them.

    gevent-engine --http-socket :9090 --gevent 100 --gevent-early-monkey-patch --wsgi-file examples/chat.py

``REDIS_URL`` says where Redis is.  Needs the packages ``redis`` and ``websockets``.
"""

import os

import gevent.select
import redis
import uwsgi

REDIS = redis.Redis.from_url(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0"))
CHANNEL = "chat"

PAGE = """<!DOCTYPE html>
<title>Chat</title>
<ul id="said"></ul>
<form><input id="line" autofocus> <button>Say</button></form>
<script>
  const said = document.getElementById("said"), line = document.getElementById("line");
  const socket = new WebSocket(location.origin.replace("http", "ws") + "/chat");
  const show = text => {
    const item = document.createElement("li");
    item.textContent = text;
    said.append(item);
  };
  socket.onopen = () => show("connected");
  socket.onmessage = event => show(event.data);
  socket.onclose = event => show("closed with " + event.code);
  document.forms[0].onsubmit = event => {
    event.preventDefault();
    socket.send(line.value);
    line.value = "";
  };
</script>
"""


def chat():
    """Pass on what comes from either side, until the client leaves: then the calls raise OSError."""
    channel = REDIS.pubsub()
    channel.subscribe(CHANNEL)
    channel.parse_response()  # says that we have subscribed: who is connected misses nothing
    try:
        uwsgi.websocket_handshake()
        from_client = uwsgi.connection_fd()
        from_redis = channel.connection._sock.fileno()
        while True:
            ready = gevent.select.select([from_client, from_redis], [], [])[0]
            if from_client in ready:
                line = uwsgi.websocket_recv_nb()
                if line:
                    REDIS.publish(CHANNEL, line)
            if from_redis in ready:
                while message := channel.get_message():
                    uwsgi.websocket_send(message["data"])
    finally:
        channel.close()


def application(environ, start_response):
    if environ["PATH_INFO"] == "/chat":
        chat()
        return []
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [PAGE.encode()]
