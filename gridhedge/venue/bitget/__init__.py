"""Bitget: USDT perpetuals in hedge mode with crossed margin, on classic (v2) and unified (v3) accounts, over ccxt."""
