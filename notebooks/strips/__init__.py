"""Pages as pictures in a row: `strip` of lesson 09, `part_strip` of lesson 20."""

from strips.pages import strip
from strips.parts import part_strip

__all__ = ["part_strip", "strip"]
