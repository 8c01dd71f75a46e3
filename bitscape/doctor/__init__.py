"""`bitscape doctor`: is all there that the pipeline needs, and what mends it where it is not."""
