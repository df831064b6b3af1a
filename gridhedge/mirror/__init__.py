"""The mirror: positions of MT5 client accounts, hedged on an account at another broker."""
