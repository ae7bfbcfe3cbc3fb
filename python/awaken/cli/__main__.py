"""Makes `python -m awaken.cli` the same as `awaken`."""

from awaken.cli import main

if __name__ == "__main__":
    main()
