"""Ordinary blocking views; under the engine each waits in a greenlet of its own."""

from django.db import connection
from django.http import HttpResponse, JsonResponse

from notes.models import Note


def hello(request):
    return HttpResponse("Hello from Django\n", content_type="text/plain")


def sleep(request):
    """Let PostgreSQL wait half a second, and say which of its processes served us."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(0.5)")
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    return JsonResponse({"backend": backend})


def notes(request):
    """GET lists the notes, POST adds one: ``curl -d text=hello``."""
    if request.method == "POST":
        note = Note.objects.create(text=request.POST["text"])
        return JsonResponse({"id": note.pk, "text": note.text}, status=201)
    return JsonResponse({"notes": list(Note.objects.order_by("pk").values("id", "text"))})


def count(request):
    return JsonResponse({"count": Note.objects.count()})
