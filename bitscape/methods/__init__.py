"""The published methods and the baselines, one file each."""
