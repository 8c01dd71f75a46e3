"""The sample collection: photographs of rendered buildings with known labels, cameras and overlap."""
