"""HTTP/2 against a real server: rules of RFC 9113, flow control, hostile clients, the end of a worker."""
