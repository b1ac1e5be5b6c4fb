"""`python -m varproof`: the same as the `varproof` command."""

import sys

from varproof.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
