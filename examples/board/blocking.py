"""A message board on Flask and gevent: the start of docs/tutorial/from-gevent-to-asyncio.md.

gevent-engine --gevent 100 --http-socket :8000 --chdir examples/board --module blocking:app
"""

import gevent.event
from flask import Flask, request

app = Flask(__name__)
messages = []
arrived = gevent.event.Event()


def announce():
    """Wake everybody who waits for a message."""
    global arrived
    arrived.set()
    arrived = gevent.event.Event()


@app.get("/messages")
def every_message():
    return {"messages": messages, "by": "flask"}


@app.post("/messages")
def add_message():
    messages.append(request.get_data(as_text=True))
    announce()
    return {"number": len(messages), "by": "flask"}, 201


@app.get("/next/<int:number>")
def message(number):
    """Answer with message ``number``, counted from 1; wait for it if it is still to come."""
    while len(messages) < number:
        arrived.wait()
    return {"message": messages[number - 1], "by": "flask"}
