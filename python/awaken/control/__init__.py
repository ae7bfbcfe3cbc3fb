"""What a runtime can do, wherever it runs, and the gRPC control plane in front of it.

```
gRPC client ─> server ─> services ─┐
inbox, callback links, commands ───┴─> operations ─┬─> the embedded runtime, in its own process
                                                   └─> remote ─HTTP─> ingress and admin API of a runtime
```

`operations` declares what a runtime can do; `reads`, `questions`, `answering` and `history` build on it, so that both
kinds of runtime answer alike. grpcio is imported by `server`, `services` and `client`, not before.
"""
