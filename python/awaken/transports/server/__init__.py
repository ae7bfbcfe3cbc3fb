"""Our own listener and the connections that it accepts: HTTP/2, HTTP/1.1, TLS."""
