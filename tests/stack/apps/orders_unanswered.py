"""The application of docs/how-to/celery.md, and ``/nobody``, whose task no worker takes."""

from orders import application as answered
from orders import price


def application(environ, start_response):
    if environ["PATH_INFO"] == "/nobody":
        price.apply_async((1,), queue="nobody").get(timeout=60)
    return answered(environ, start_response)
