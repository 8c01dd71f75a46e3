"""Settings of the baselines."""

from bitscape.core.section import Count, MethodSection


class LSH(MethodSection):
    """Random hyperplanes have nothing to set but the seed and the number of bits."""


class PCASign(MethodSection):
    """The signs of the first principal components, by FAISS, have nothing to set but the number of bits."""


class ITQ(MethodSection):
    """Iterative quantisation (Gong and Lazebnik 2011), by FAISS."""

    iterations: Count = 50
