"""`bitscape score`: anyone's codes, measured without any pipeline."""
