"""Applications: how they are loaded, and how they are called.

May import everything below ``net``: errors, interfaces, config, logs, protocols, request.
"""
