"""A simulated MetaTrader 5 terminal: the MetaTrader5 module's functions over the embedded exchange."""
