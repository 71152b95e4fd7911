"""HTTP/2 without I/O (RFC 9113): what a request and a reply may hold.  Frames are the business of ``h2``."""
