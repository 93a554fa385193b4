"""gslb: a global server load balancer that works through DNS.

`ARCHITECTURE.md` is the map: which module does what, and which way data flows.
"""

__version__ = "0.1.0"
