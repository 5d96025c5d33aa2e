"""A compliance gateway and audit service between applications, agents and the data they may not see."""

__version__ = "0.1.0"
