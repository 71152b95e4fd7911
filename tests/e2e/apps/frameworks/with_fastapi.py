"""The routes of ``test_asgi_frameworks.py`` with FastAPI."""

import contextlib

from fastapi import BackgroundTasks, Depends, FastAPI, Header, Request
from fastapi.responses import FileResponse, PlainTextResponse, StreamingResponse

DONE = []


@contextlib.asynccontextmanager
async def lifespan(app):
    yield {"made": "in lifespan"}


application = FastAPI(lifespan=lifespan)


async def dependency():
    yield "given"


@application.get("/facts")
async def facts(request: Request, x_test: str | None = Header(None), given: str = Depends(dependency)):
    return {
        "path": request.url.path,
        "route": request.scope["path"],
        "query": dict(request.query_params),
        "state": request.state.made,
        "header": x_test,
    }


@application.post("/echo", response_class=PlainTextResponse)
async def echo(request: Request):
    return await request.body()


@application.get("/stream")
async def stream(background: BackgroundTasks):
    async def pieces():
        for number in range(5):
            yield f"{number}\n"

    background.add_task(DONE.append, "background")
    return StreamingResponse(pieces())


@application.get("/in-thread", response_class=PlainTextResponse)
def in_thread():
    return "from a thread"


@application.get("/boom")
async def boom():
    raise LookupError("boom")


@application.get("/file", response_class=FileResponse)
async def file():
    return __file__


@application.get("/done")
async def done():
    return DONE


@application.middleware("http")
async def passing(request, call_next):
    response = await call_next(request)
    response.headers["x-middleware"] = "passed"
    return response
