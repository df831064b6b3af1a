"""The embedded exchange: an honest linear-perpetual venue in memory."""
