"""gridhedge: a command-line bot that trades hedged grids on perpetual futures."""

__version__ = "0.1.0"
