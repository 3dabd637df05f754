"""The picture of the peers: an SVG with a bar for each, in three panels for each service. It follows the reader's light or
dark theme, and needs nothing to be made with."""

import collections
import statistics
from html import escape

from .table import mb, ms

NAMES_WIDTH, PANEL, GAP, ROW, HEAD = 190, 180, 16, 24, 56
PANELS = [("wall time", ms), ("CPU time", ms), ("peak memory", mb)]
# What a viewer that knows no themes shows must be readable on both.
STYLE = """
    text { font: 13px system-ui, sans-serif; fill: #656d76 }
    .head { font-weight: 600 }
    .small { font-size: 12px }
    .bar { fill: #8c959f }
    .ours { fill: #0969da }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3 }
      .bar { fill: #6e7681 }
      .ours { fill: #4493f8 }
    }
"""


class Bar(collections.namedtuple("Bar", "wall cpu memory")):
    """What a peer costs: the middle of its runs."""

    @classmethod
    def of(cls, costs):
        return cls(*(statistics.median(getattr(cost, field) for cost in costs) for field in cls._fields))


def words(x, y, text, kind="", anchor="start"):
    return f'  <text x="{x}" y="{y}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'


def draw(bars, title):
    """The whole picture. `bars` maps a service and a peer to a bar, in the order in which they are shown."""
    services = list(dict.fromkeys(service for service, _ in bars))
    width = NAMES_WIDTH + len(PANELS) * (PANEL + GAP)
    lines, top = [words(0, 16, title, "head")], 24
    # One scale for each panel, so that both services can be compared.
    most = [max(bar[place] for bar in bars.values()) for place in range(len(PANELS))]
    for service in services:
        lines.append(words(0, top + HEAD - 18, f"on {service}", "head small"))
        for place, (what, _) in enumerate(PANELS):
            lines.append(words(NAMES_WIDTH + place * (PANEL + GAP), top + HEAD - 18, what, "small"))
        top += HEAD
        for (where, name), bar in bars.items():
            if where != service:
                continue
            kind = "bar ours" if name == "Standin" else "bar"
            lines.append(words(NAMES_WIDTH - 12, top + 8, name, "small", "end"))
            for place, (_, text) in enumerate(PANELS):
                left = NAMES_WIDTH + place * (PANEL + GAP)
                # Room for the number behind the longest.
                length = max(round((PANEL - 72) * bar[place] / most[place], 1), 1)
                lines.append(f'  <rect x="{left}" y="{top - 4}" width="{length}" height="15" rx="2" class="{kind}"/>')
                lines.append(words(left + length + 6, top + 8, text(bar[place]), "small"))
            top += ROW
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {top}" width="{width}" height="{top}" role="img">'
    return "\n".join([head, f"  <title>{escape(title)}</title>", f"  <style>{STYLE}  </style>", *lines, "</svg>", ""])
