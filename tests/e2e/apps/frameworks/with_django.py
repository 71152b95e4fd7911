"""The routes of ``test_asgi_frameworks.py`` with Django."""

import asyncio

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import path

settings.configure(
    ROOT_URLCONF=__name__,
    ALLOWED_HOSTS=["*"],
    SECRET_KEY="for tests",
    DATA_UPLOAD_MAX_MEMORY_SIZE=None,
    MIDDLEWARE=[f"{__name__}.passing"],
    LOGGING_CONFIG=None,
)
django.setup()


def passing(get_response):
    def middleware(request):
        response = get_response(request)
        response["x-middleware"] = "passed"
        return response

    return middleware


async def facts(request):
    return JsonResponse(
        {
            "path": request.path,
            "route": request.get_full_path().partition("?")[0],
            "query": request.GET.dict(),
            "state": "in lifespan",  # Django has none
            "header": request.headers.get("x-test"),
        }
    )


def echo(request):
    return HttpResponse(request.body, content_type="text/plain")


async def stream(request):
    async def pieces():
        for number in range(5):
            await asyncio.sleep(0)
            yield f"{number}\n"

    return StreamingHttpResponse(pieces())


def in_thread(request):
    return HttpResponse("from a thread")


async def boom(request):
    raise LookupError("boom")


def file(request):
    return FileResponse(open(__file__, "rb"))


urlpatterns = [
    path("facts", facts),
    path("echo", echo),
    path("stream", stream),
    path("in-thread", in_thread),
    path("boom", boom),
    path("file", file),
]
application = get_asgi_application()
