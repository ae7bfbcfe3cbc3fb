"""The network, and nothing else: transports turn requests into exchanges, see `awaken.exchange`.

`server` listens for endpoints, `hosted` runs them under ASGI servers and in AWS Lambda, `dialer` calls them for the
runtime, and `memory` is both ends in one process. `http2` has the HTTP/2 engines, `limits` every bound on peers, and
`guard` contains what the code above a transport raises.
"""
