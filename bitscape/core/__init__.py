"""What every room stands on: parameters, errors, files, progress."""
