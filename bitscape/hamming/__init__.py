"""Hamming space: packed codes, their distances, how they rank, and their health."""
