"""Numbers as text, and text as tables."""

import statistics


def ms(seconds):
    return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds * 1000:,.0f} ms"


def mb(kilobytes):
    return f"{kilobytes / 1024:.1f} MB"


def spread(values, text=ms):
    """The middle one of several, and between which they lie."""
    values = list(values)
    least, most = text(min(values)), text(max(values))
    # The unit is said once.
    if least.split()[1:] == most.split()[1:]:
        least = least.split()[0]
    return f"{text(statistics.median(values))} ({least} to {most})"


def table(head, rows):
    """A table of Markdown."""
    line = lambda cells: f"| {' | '.join(str(cell) for cell in cells)} |"
    return "\n".join([line(head), line("---" for _ in head), *(line(row) for row in rows)])


def section(about, *tables):
    """What stands between two marks of the document: where it was measured, and the tables."""
    return "\n\n".join(["\n".join(f"- {line}" for line in about), *tables])
