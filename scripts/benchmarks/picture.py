"""The picture of the peers: an SVG with a bar for each, in three panels."""

import collections
import statistics


class Bar(collections.namedtuple("Bar", "wall cpu memory")):
    """What a peer costs: the middle of its runs."""

    @classmethod
    def of(cls, costs):
        return cls(*(statistics.median(column) for column in zip(*costs)))


def draw(bars, path):
    pass
