"""The first route that moves: the one that waits, mounted at /next."""

import board
from fastapi import FastAPI

app = FastAPI()


@app.get("/{number}")
async def message(number: int):
    return {"message": await board.await_message(number), "by": "fastapi"}
