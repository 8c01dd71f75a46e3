"""Networks of the papers themselves, from pixels to outputs, as published."""
