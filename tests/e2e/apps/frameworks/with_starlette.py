"""The routes of ``test_asgi_frameworks.py`` with Starlette."""

import contextlib

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route

DONE = []


@contextlib.asynccontextmanager
async def lifespan(app):
    yield {"made": "in lifespan"}


async def facts(request):
    return JSONResponse(
        {
            "path": request.url.path,
            "route": request.scope["path"],
            "query": dict(request.query_params),
            "state": getattr(request.state, "made", None),
            "header": request.headers.get("x-test"),
        }
    )


async def echo(request):
    return PlainTextResponse(await request.body())


async def stream(request):
    async def pieces():
        for number in range(5):
            yield f"{number}\n"

    return StreamingResponse(pieces(), background=BackgroundTask(DONE.append, "background"))


def in_thread(request):
    return PlainTextResponse("from a thread")


def boom(request):
    raise LookupError("boom")


def file(request):
    return FileResponse(__file__)


def done(request):
    return JSONResponse(DONE)


async def passing(request, call_next):
    response = await call_next(request)
    response.headers["x-middleware"] = "passed"
    return response


application = Starlette(
    routes=[
        Route("/facts", facts),
        Route("/echo", echo, methods=["POST"]),
        Route("/stream", stream),
        Route("/in-thread", in_thread),
        Route("/boom", boom),
        Route("/file", file),
        Route("/done", done),
    ],
    lifespan=lifespan,
    middleware=[Middleware(BaseHTTPMiddleware, dispatch=passing)],
)
