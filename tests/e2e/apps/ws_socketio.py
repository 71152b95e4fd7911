"""A chat room of Flask-SocketIO; ``ASYNC_MODE`` as in its documentation."""

import os
import sys

if "WITHOUT" in os.environ:
    sys.modules[os.environ["WITHOUT"]] = None  # as if it were not installed

from flask import Flask, request
from flask_socketio import SocketIO, emit, join_room, send

app = Flask(__name__)
mode = os.environ.get("ASYNC_MODE") or None
socketio = SocketIO(app, async_mode=mode, cors_allowed_origins="*", ping_interval=1, ping_timeout=5)
print(f"async_mode is {socketio.async_mode}", flush=True)


@app.route("/")
def page():
    return "page"


@socketio.on("connect")
def connected(auth):
    if auth == {"token": "wrong"}:
        return False
    emit("welcome", request.sid)


@socketio.on("join")
def joined(room):
    join_room(room)
    send(f"somebody joined {room}", to=room)
    return f"you are in {room}"


@socketio.on("binary")
def binary(data):
    return bytes(reversed(data))


@socketio.on("later")
def later(count):
    def task():
        for number in range(count):
            socketio.emit("tick", number)
            socketio.sleep(0.01)

    socketio.start_background_task(task)


@socketio.on("disconnect")
def left(reason=None):
    print(f"{request.sid} has left", flush=True)


application = app
