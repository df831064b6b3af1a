"""Webhooks: what happened is told to another program, in order and signed, without trading ever waiting for it."""
