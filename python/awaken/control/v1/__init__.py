"""Generated from `proto/awaken/control/v1` by `scripts/generate_control.py`; never edited."""
