"""`python -m gateway.cli`: the `gateway` command where its script is not installed."""

import sys

from gateway.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
