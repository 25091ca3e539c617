"""Tuples with names, made in a third of the time that their own constructor takes."""

from typing import Final

filled: Final = tuple.__new__
"""`filled(Name, fields)`: *fields* are all of them, in order, those with defaults included."""
