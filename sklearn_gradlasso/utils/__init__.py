"""What several wings need; this wing imports nothing of the package.

Arguments are checked in ``validation`` and ``annotations``. Randomness and threads are
controlled in ``seeds``, ``threads`` and ``cudnn``. Members of a user's network or
function are looked up in ``networks`` and ``signatures``. ``representatives``,
``tensors``, ``docstrings`` and ``state`` hold one function each.

This wing is private: files are imported by their names, and this door is empty.
"""
