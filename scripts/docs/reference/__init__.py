"""The pages of `docs/reference`, written from the code: `python -m scripts.docs reference`, with `--check` in CI."""
