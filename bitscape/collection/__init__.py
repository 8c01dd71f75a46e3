"""Which photographs, splits and labels there are."""
