"""The gRPC control plane: complete awakeables, start and watch invocations, from any language.

```
gRPC client ─> server ─> services ─> plane ─HTTP─> ingress and admin API of a runtime
```

The plane speaks to a runtime as any other caller does, so the same service runs in front of the embedded runtime and
of a Restate server or cluster. grpcio is imported by `server`, `services` and `client`, not before.
"""
