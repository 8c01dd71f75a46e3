"""Figures, galleries and the report."""
