"""Histograms of distances by bit slicing: 64 items to a word, a plane for each bit of their codes.

A plane of the codes, turned over where the query has a one, holds a bit of each distance. Carry-save adders sum the
planes to those of the distances, about log2(bits) of them, and masks of equal digits count the items at each distance.
All is logic on rows of words, which the compiler vectorises: neither a distance nor a count is ever a step of its own.
The adders are those of Harley and Seal (Warren, "Hacker's Delight", 2nd ed. 2012, section 5-2) as in Muła, Kurz and
Lemire, "Faster population counts using AVX2 instructions" (The Computer Journal, 2018).

All of it is one file, as numba looks only at a function's own file to tell whether what it keeps is out of date.
"""

import numpy as np
from numba.np.unsafe.ndarray import to_fixed_tuple

from bitscape.hamming.kernel import compiled, popcount

WORDS = 256
"""Words of a plane in a block, of 64 items each: what is not of the codes stays in the first cache."""
STRIDE = WORDS + 8
"""Words from plane to plane: at a power of 2 they would share a few sets of the cache."""
ZERO, ONES = np.uint64(0), ~np.uint64(0)


@compiled
def count_segments(first, last, left, right, starts, stops, items, relevant):  # type: ignore[no-untyped-def]
    """Count all items at each distance, and those of a segment of the database, for some queries.

    Args:
        first: the first query.
        last: the one after the last.
        left: (queries, words) uint64.
        right: (items, words) uint64.
        starts: (queries,) int64, the first item of the query's segment.
        stops: (queries,) int64, the one after its last.
        items: (queries, bits + 1) int64, added to.
        relevant: the same, of the segment.
    """
    bits = items.shape[1] - 1
    digits = 2
    while bits + 15 >> 4 * digits:  # as many as hold the sum of whole sixteens of planes
        digits += 1
    planes = np.empty((right.shape[1] * 64, STRIDE), np.uint64)
    asked = np.empty(right.shape[1] * 64, np.uint64)
    distance = np.empty((4 * digits, STRIDE), np.uint64)
    masks = np.empty((digits + 1, STRIDE), np.uint64)
    counts = np.empty(bits + 16, np.int64)
    for begin in range(0, len(right), WORDS * 64):
        end = min(begin + WORDS * 64, len(right))
        _transpose(right, begin, end, planes)
        for query in range(first, last):
            for bit in range(len(asked)):
                asked[bit] = ZERO - (left[query, bit >> 6] >> np.uint64(bit & 63) & np.uint64(1))
            _add(planes, asked, bits, (end - begin + 63) >> 6, distance, masks[0])
            _count(distance, begin, begin, end, bits, masks, counts)
            for at in range(bits + 1):
                items[query, at] += counts[at]
            start = min(max(starts[query], begin), end)
            stop = min(max(stops[query], start), end)
            if 0 < stop - start < end - begin:  # or the whole block, which is counted
                _count(distance, begin, start, stop, bits, masks, counts)
            if start < stop:
                for at in range(bits + 1):
                    relevant[query, at] += counts[at]


@compiled
def _transpose(right, begin, end, planes):  # type: ignore[no-untyped-def]
    """Lay out `right[begin:end]` in planes, by swaps of the halves of squares of bits ("Hacker's Delight", 7-3).

    What stands past the last item is of no meaning. The bytes that pad a code are the last planes, and never read, as
    numba compiles for little-endian machines only.
    """
    square = np.zeros(64, np.uint64)
    for word in range(right.shape[1]):
        for item in range(begin, end, 64):
            for row in range(min(64, end - item)):
                square[row] = right[item + row, word]
            span, low = 32, np.uint64(0xFFFFFFFF)
            while span:
                for top in range(0, 64, 2 * span):
                    for row in range(top, top + span):
                        swapped = (square[row] >> np.uint64(span) ^ square[row + span]) & low
                        square[row] ^= swapped << np.uint64(span)
                        square[row + span] ^= swapped
                span >>= 1
                low ^= low << np.uint64(span)
            for row in range(64):
                planes[word * 64 + row, (item - begin) >> 6] = square[row]


@compiled
def _full_adder(a, b, c):  # type: ignore[no-untyped-def]
    return a ^ b ^ c, c ^ (c ^ a) & (c ^ b)  # the majority so written is one instruction of AVX-512


@compiled
def _add_eight(ones, twos, fours, planes, at, asked):  # type: ignore[no-untyped-def]
    """Add a word of each of eight planes; return the carry, of weight 8, last."""
    ones, a = _full_adder(ones, planes[at] ^ asked[0], planes[at + STRIDE] ^ asked[1])
    ones, b = _full_adder(ones, planes[at + 2 * STRIDE] ^ asked[2], planes[at + 3 * STRIDE] ^ asked[3])
    twos, c = _full_adder(twos, a, b)
    ones, a = _full_adder(ones, planes[at + 4 * STRIDE] ^ asked[4], planes[at + 5 * STRIDE] ^ asked[5])
    ones, b = _full_adder(ones, planes[at + 6 * STRIDE] ^ asked[6], planes[at + 7 * STRIDE] ^ asked[7])
    twos, d = _full_adder(twos, a, b)
    fours, eights = _full_adder(fours, c, d)
    return ones, twos, fours, eights


@compiled
def _add(planes, asked, bits, words, distance, carry):  # type: ignore[no-untyped-def]
    """Sum the planes of the codes, turned over where the query has a one, to the planes of the distance."""
    distance[:] = ZERO
    ones, twos, fours, eights = distance[0], distance[1], distance[2], distance[3]
    flat = planes.reshape(-1)  # constant steps from plane to plane leave few pairs of rows to be told apart
    for bit in range(0, bits, 16):
        p, q = to_fixed_tuple(asked[bit : bit + 8], 8), to_fixed_tuple(asked[bit + 8 : bit + 16], 8)
        sixteen = flat[bit * STRIDE : (bit + 16) * STRIDE]
        for at in range(words):
            one, two, four, a = _add_eight(ones[at], twos[at], fours[at], sixteen, at, p)
            one, two, four, b = _add_eight(one, two, four, sixteen, at + 8 * STRIDE, q)
            ones[at], twos[at], fours[at] = one, two, four
            eights[at], carry[at] = _full_adder(eights[at], a, b)
        plane, sixteens = 4, bit // 16 + 1
        while sixteens:
            row = distance[plane]
            for at in range(words):
                both = row[at] & carry[at]
                row[at] ^= carry[at]
                carry[at] = both
            plane, sixteens = plane + 1, sixteens >> 1


@compiled
def _count(distance, begin, start, stop, bits, masks, counts):  # type: ignore[no-untyped-def]
    """Count the items of `start:stop` at each distance; the block begins with the item `begin`.

    A hexadecimal digit of the distance is four planes. `masks[level]` are the items whose distance has the digits of
    the group from `level` up, and where there are none, the groups of all lower digits are passed over.
    """
    low, high = np.uint64((start - begin) >> 6), np.uint64((stop - begin + 63) >> 6)
    levels = len(masks) - 1
    every = masks[levels]
    for at in range(low, high):
        every[at] = ONES
    every[low] <<= np.uint64((start - begin) & 63)
    every[high - np.uint64(1)] &= ONES >> np.uint64((begin - stop) & 63)
    counts[:] = 0
    group, level = 0, levels - 1
    while group <= bits >> 4:
        while level and _select(masks[level + 1], distance, level, group >> 4 * (level - 1), low, high, masks[level]):
            level -= 1
        if level == 0:
            _count_sixteen(masks[1], distance, low, high, counts[group * 16 :])
            level = 1
        group += 1 << 4 * (level - 1)
        while level < levels - 1 and group & (1 << 4 * level) - 1 == 0:
            level += 1  # to the highest digit that is another now


@compiled
def _select(mask, distance, level, digit, low, high, selected):  # type: ignore[no-untyped-def]
    """Keep the items that have a digit at a level; tell whether there are any."""
    a, b, c, d = distance[4 * level], distance[4 * level + 1], distance[4 * level + 2], distance[4 * level + 3]
    p, q = np.uint64(digit & 1) - np.uint64(1), np.uint64(digit >> 1 & 1) - np.uint64(1)
    r, s = np.uint64(digit >> 2 & 1) - np.uint64(1), np.uint64(digit >> 3 & 1) - np.uint64(1)
    found = ZERO
    for at in range(low, high):
        selected[at] = mask[at] & (a[at] ^ p) & (b[at] ^ q) & (c[at] ^ r) & (d[at] ^ s)
        found |= selected[at]
    return found != ZERO


@compiled
def _split(mask, high, low):  # type: ignore[no-untyped-def]
    with_high, without = mask & high, mask & ~high
    return without & ~low, without & low, with_high & ~low, with_high & low


@compiled
def _count_sixteen(mask, distance, low, high, counts):  # type: ignore[no-untyped-def]
    """Count the selected items by the last digit of their distance."""
    ones, twos, fours, eights = distance[0], distance[1], distance[2], distance[3]
    n0 = n1 = n2 = n3 = n4 = n5 = n6 = n7 = n8 = n9 = n10 = n11 = n12 = n13 = n14 = n15 = ZERO
    for at in range(low, high):
        p, q, r, s = _split(mask[at], eights[at], fours[at])
        a, b, c, d = _split(p, twos[at], ones[at])
        n0, n1, n2, n3 = n0 + popcount(a), n1 + popcount(b), n2 + popcount(c), n3 + popcount(d)
        a, b, c, d = _split(q, twos[at], ones[at])
        n4, n5, n6, n7 = n4 + popcount(a), n5 + popcount(b), n6 + popcount(c), n7 + popcount(d)
        a, b, c, d = _split(r, twos[at], ones[at])
        n8, n9, n10, n11 = n8 + popcount(a), n9 + popcount(b), n10 + popcount(c), n11 + popcount(d)
        a, b, c, d = _split(s, twos[at], ones[at])
        n12, n13, n14, n15 = n12 + popcount(a), n13 + popcount(b), n14 + popcount(c), n15 + popcount(d)
    for digit, n in enumerate((n0, n1, n2, n3, n4, n5, n6, n7, n8, n9, n10, n11, n12, n13, n14, n15)):
        counts[digit] = np.int64(n)
