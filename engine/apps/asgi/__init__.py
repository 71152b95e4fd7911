"""ASGI 3: scopes, the channel of a request, lifespan and the call itself.

Plain asyncio: nothing here knows of greenlets.
"""
