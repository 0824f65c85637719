"""`python -m vsearch` is the command `vsearch`."""

import sys

from vsearch.cli import main

sys.exit(main())
