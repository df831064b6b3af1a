"""Bybit v5: linear USDT perpetuals in hedge mode with cross margin, over pybit."""
