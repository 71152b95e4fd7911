"""Websockets of Flask-Sock."""

from flask import Flask
from flask_sock import Sock

app = Flask(__name__)
app.config["SOCK_SERVER_OPTIONS"] = {"ping_interval": 1}
sock = Sock(app)


@app.route("/")
def page():
    return "page"


@sock.route("/echo")
def echo(ws):
    while True:
        ws.send(ws.receive())


@sock.route("/three")
def three(ws):
    for number in range(3):
        ws.send(str(number))
    ws.close(4003, "three")


@sock.route("/flood")
def flood(ws):
    for _ in range(300):
        ws.send(b"x" * 65536)
    ws.receive()


application = app
