"""The routes of ``test_asgi_frameworks.py`` with Quart."""

from quart import Quart, Response, jsonify, request, send_file

application = Quart(__name__)
application.config["MAX_CONTENT_LENGTH"] = None
STATE = []


@application.before_serving
async def start():
    STATE.append("in lifespan")


@application.get("/facts")
async def facts():
    return jsonify(
        path=request.root_path + request.path,
        route=request.root_path + request.path,
        query=dict(request.args),
        state=STATE[0],
        header=request.headers.get("x-test"),
    )


@application.post("/echo")
async def echo():
    return Response(await request.get_data(), mimetype="text/plain")


@application.get("/stream")
async def stream():
    async def pieces():
        for number in range(5):
            yield f"{number}\n"

    return Response(pieces(), mimetype="text/plain")


@application.get("/in-thread")
def in_thread():
    return "from a thread"


@application.get("/boom")
async def boom():
    raise LookupError("boom")


@application.get("/file")
async def file():
    return await send_file(__file__)


@application.after_request
async def passing(response):
    response.headers["x-middleware"] = "passed"
    return response
