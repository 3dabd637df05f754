"""The parts of `scripts/bench`, and what they measure with."""
