"""WSGI (PEP 3333): environ, input, start_response and the call itself."""
