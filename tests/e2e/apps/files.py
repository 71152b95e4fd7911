"""Files by ``wsgi.file_wrapper``: ``/NAME?...`` sends the file NAME of the directory in ``FILES``.

``length=N`` declares a Content-Length, ``seek=N`` starts there, ``as=`` chooses how the file is given:
``buffered``, ``raw``, ``temp``, ``gzip``, or after other data, ``late`` and ``behind``.
"""

import gzip
import io
import os
import shutil
import tempfile
from urllib.parse import parse_qs

FILES = os.environ["FILES"]


def application(environ, start_response):
    query = {name: values[0] for name, values in parse_qs(environ["QUERY_STRING"]).items()}
    path = os.path.join(FILES, environ["PATH_INFO"].lstrip("/"))
    file = opened(path, query.get("as", "buffered"))
    file.seek(int(query.get("seek", 0)))
    headers = [("Content-Type", "application/octet-stream")]
    if "length" in query:
        headers.append(("Content-Length", query["length"]))
    write = start_response("200 OK", headers)
    if query.get("as") == "behind":
        write(bytes(4 << 20))
    if query.get("as") == "late":
        write(b"before ")
    return environ["wsgi.file_wrapper"](file)


def opened(path, kind):
    if kind == "raw":
        return io.FileIO(path)
    if kind == "gzip":
        return gzip.open(path)
    if kind == "temp":
        copy = tempfile.NamedTemporaryFile()  # noqa: SIM115 - the server closes it
        with open(path, "rb") as source:
            shutil.copyfileobj(source, copy)
        return copy
    return open(path, "rb")
