"""Endpoints under servers that are not ours: ASGI servers, AWS Lambda; and what applications expect of Hypercorn."""
