"""The Flask application of ``blocking.py`` on the shared board."""

import board
from flask import Flask, request

app = Flask(__name__)


@app.get("/messages")
def every_message():
    return {"messages": board.messages, "by": "flask"}


@app.post("/messages")
def add_message():
    return {"number": board.add(request.get_data(as_text=True)), "by": "flask"}, 201


@app.get("/next/<int:number>")
def message(number):
    return {"message": board.wait_for(number), "by": "flask"}
