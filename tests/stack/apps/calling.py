"""Calls other services: ``/WAY?URL`` fetches it with one client for all greenlets."""

import os
import ssl

import aiohttp
import httpx
import redis
import redis.asyncio
import requests
import urllib3
import uwsgi
from gevent.lock import RLock

import bridge

AUTHORITY = os.environ["AUTHORITY"]
context = ssl.create_default_context(cafile=AUTHORITY or None)
made = {}
making = RLock()


def shared(kind, make):
    """The one object of this kind."""
    with making:
        if kind not in made:
            made[kind] = make()
        return made[kind]


def by_requests(url):
    return requests.get(url, timeout=30, verify=AUTHORITY).text


def new_requests_session():
    session = requests.Session()
    session.verify = AUTHORITY
    session.trust_env = False  # or REQUESTS_CA_BUNDLE would come before
    for scheme in ("http://", "https://"):
        session.mount(scheme, requests.adapters.HTTPAdapter(pool_maxsize=100))
    return session


def by_requests_session(url):
    return shared("requests", new_requests_session).get(url, timeout=30).text


def by_urllib3(url):
    pool = shared("urllib3", lambda: urllib3.PoolManager(maxsize=100, ca_certs=AUTHORITY))
    return pool.request("GET", url, timeout=30).data.decode()


LIMITS = httpx.Limits(max_connections=200)


def by_httpx(url):
    client = shared("httpx", lambda: httpx.Client(limits=LIMITS, timeout=30, verify=context))
    return client.get(url).text


def by_httpx_async(url):
    client = shared("httpx async", lambda: httpx.AsyncClient(limits=LIMITS, timeout=30, verify=context))
    return bridge.wait(client.get(url)).text


async def new_aiohttp_session():
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=200, ssl=context))


async def fetch_with_aiohttp(session, url):
    async with session.get(url) as response:
        return await response.text()


def by_aiohttp(url):
    session = shared("aiohttp", lambda: bridge.wait(new_aiohttp_session()))
    return bridge.wait(fetch_with_aiohttp(session, url), timeout=30)


WAIT = 20


def by_redis(key):
    client = shared("redis", lambda: redis.Redis.from_url(os.environ["REDIS"], max_connections=100))
    return client.blpop(key, timeout=WAIT)[1].decode()


def by_redis_asyncio(key):
    client = shared("redis asyncio", lambda: redis.asyncio.from_url(os.environ["REDIS"]))
    return bridge.wait(client.blpop(key, timeout=WAIT))[1].decode()


async def close():
    for kind in ("httpx async", "redis asyncio"):
        if kind in made:
            await made[kind].aclose()
    if "aiohttp" in made:
        await made["aiohttp"].close()


def at_the_end():
    bridge.wait(close())


uwsgi.atexit = at_the_end


def application(environ, start_response):
    way = globals()[environ["PATH_INFO"].strip("/")]
    text = way(environ["QUERY_STRING"])
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [text.encode()]
