"""Deterministic fault simulation: one seed is one execution of the real engine against a hostile world."""
