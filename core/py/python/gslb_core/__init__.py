"""The native engine of gslb. The contract stands in the stub beside this file."""

from gslb_core._native import WORDS, Engine, PlanError, __version__

__all__ = ["WORDS", "Engine", "PlanError", "__version__"]
