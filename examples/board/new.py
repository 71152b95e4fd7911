"""All routes moved.  Nothing of gevent is left but the board's condition, which tasks use as well."""

import board
from fastapi import FastAPI, Request

app = FastAPI()


@app.get("/messages")
async def every_message():
    return {"messages": board.messages, "by": "fastapi"}


@app.post("/messages", status_code=201)
async def add_message(request: Request):
    text = (await request.body()).decode()
    return {"number": await board.aadd(text), "by": "fastapi"}


@app.get("/next/{number}")
async def message(number: int):
    return {"message": await board.await_message(number), "by": "fastapi"}
