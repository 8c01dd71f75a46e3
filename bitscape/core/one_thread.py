"""FAISS on one thread, where what it gives depends on how many there are."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_thread() -> Iterator[None]:
    """Let FAISS and the linear algebra within it work on one thread, so that every machine finds the same.

    Its PCA adds up in another order on each number of threads, and ITQ makes large differences of these small ones;
    the links of HNSW depend on the order in which threads insert.
    """
    import faiss

    before = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)
