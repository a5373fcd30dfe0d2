"""What several wings need; this wing imports nothing of the package.

Arguments are checked in ``validation`` and ``annotations``, columns that are no numbers
in ``readable_columns``, and names of parameters, also those of other packages, in
``parameter_names``. ``held_out_rows`` divides rows for early stopping. What surrounds a
computation is controlled in ``seeds`` (torch's global generators and dtype),
``threads``, ``forks``, ``torch_modes`` and ``cudnn``; every computation of a public
method runs in ``threads.computing``, which sets threads and modes. Members of a user's
network or function are looked up in ``networks`` and ``signatures``, optimizers by name
in ``optimizers``, and columns by name in ``feature_positions`` and
``indicator_blocks``. ``representatives``, ``tensors``, ``docstrings``, ``state`` and
``obedience_warning`` hold one thing each.

This wing is private: files are imported by their names, and this door is empty.
"""
