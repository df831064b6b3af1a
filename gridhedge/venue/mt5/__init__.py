"""MetaTrader 5: an adapter for hedging accounts, through a terminal that is asked again and again."""
