"""Venues behind one port: each adapter is a room of its own."""
