"""Local exchanges that speak the venues' own wire protocols over the embedded exchange."""
