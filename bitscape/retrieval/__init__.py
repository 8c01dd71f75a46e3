"""Packed codes, Hamming rankings, metrics and code health."""
