"""Complete linkage where only the pairs that are alike are known: memory grows with these, not with the square."""

from collections import defaultdict
from heapq import heapify, heappop, heappush

import numpy as np
from numpy.typing import NDArray


def complete_linkage(pairs: NDArray[np.int64], similarity: NDArray[np.float64]) -> list[NDArray[np.int64]]:
    """Join what is most alike first, as long as every two members of a group are a listed pair.

    How alike two groups are is the least similarity of a member of the one to a member of the other; an absent pair
    keeps them apart. Where no two similarities are equal these are the groups of `scipy.cluster.hierarchy`, whose dense
    matrix is cut just below the least of the pairs. Of equals those go first whose groups have the earlier members.
    Joining two groups removes at least two of their pairs and adds one for each neighbour that they have in common, so
    for m pairs memory is O(m) and time O(m log m).

    Args:
        pairs: (m, 2) rows `i < j`, unique.
        similarity: (m,) of each pair.

    Returns:
        Each group of two or more, ascending; groups by their first member.
    """
    near: defaultdict[int, dict[int, float]] = defaultdict(dict)
    queue = [(-alike, one, other) for (one, other), alike in zip(pairs.tolist(), similarity.tolist(), strict=True)]
    for negative, one, other in queue:
        near[one][other] = near[other][one] = -negative
    members = {item: [item] for item in near}  # a group has the number of its first member
    heapify(queue)
    while queue:
        negative, one, other = heappop(queue)
        if one not in near or near[one].get(other) != -negative:
            continue  # of a group that has grown, or that is part of another, since this was noted
        own, gone = near.pop(one), near.pop(other)
        del own[other], gone[one]
        for third in own:
            del near[third][one]
        for third in gone:
            del near[third][other]
        members[one] += members.pop(other)
        near[one] = {third: min(own[third], gone[third]) for third in own.keys() & gone.keys()}
        for third, alike in near[one].items():
            near[third][one] = alike
            heappush(queue, (-alike, min(one, third), max(one, third)))
    groups = (np.array(sorted(group), np.int64) for _, group in sorted(members.items()))
    return [group for group in groups if len(group) > 1]
