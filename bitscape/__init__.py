"""Bitscape: photo collections as compact binary codes, and the published ways of learning them, compared."""

__version__ = "0.1.0"
