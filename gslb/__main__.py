"""`python -m gslb`."""

from gslb.cli import main

main()
