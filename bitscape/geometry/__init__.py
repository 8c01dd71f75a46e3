"""From photographs to 3D models, and from models to who sees what."""
