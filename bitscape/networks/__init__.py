"""Backbones, pooling, whitening and hash layers."""
