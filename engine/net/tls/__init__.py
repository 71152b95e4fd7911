"""TLS of the listeners: certificates by host name, their renewal, and what requests learn of it.

The handshake and the records are asyncio's or uvloop's work.
"""
