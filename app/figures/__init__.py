"""How any Result is drawn: one palette, shapes, axes, numbers in words."""
