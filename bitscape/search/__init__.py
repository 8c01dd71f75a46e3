"""Searching photographs by their codes: indexes, bundles that are saved and loaded, re-ranking, export."""
