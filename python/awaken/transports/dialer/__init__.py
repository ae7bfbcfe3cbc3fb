"""Calls endpoints over the network: dialers for HTTP/2 and HTTP/1.1, and the connections they pool."""
