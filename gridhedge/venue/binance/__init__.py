"""Binance USDⓈ-M futures: USDC and USDT perpetuals in hedge mode with cross margin, over python-binance."""
