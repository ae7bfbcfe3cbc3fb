"""Client connections to endpoints: HTTP/2 and HTTP/1.1, pooled."""
