"""WebSockets (RFC 6455) on the ``websockets`` library's protocol without I/O; one per connection.

Imports nothing of ``engine.net`` and knows no greenlets: the connection it runs on, and the places where
callers wait, are given to it.
"""
