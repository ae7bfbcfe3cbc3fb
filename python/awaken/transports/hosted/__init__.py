"""Endpoints under servers that are not ours: any ASGI server, and AWS Lambda."""
