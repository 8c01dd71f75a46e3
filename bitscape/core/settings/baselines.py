"""Settings of the baselines."""

from bitscape.core.section import Count, Section


class LSH(Section):
    """Random hyperplanes have nothing to set but the seed and the number of bits."""


class PCASign(Section):
    """The signs of the first principal components, by FAISS, have nothing to set but the number of bits."""


class ITQ(Section):
    """Iterative quantisation (Gong and Lazebnik 2011), by FAISS."""

    iterations: Count = 50
