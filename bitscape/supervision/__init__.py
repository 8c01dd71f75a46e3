"""What a method learns from: pairs, neighbourhoods, graded relevance."""
