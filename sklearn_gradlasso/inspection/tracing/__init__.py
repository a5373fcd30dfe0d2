"""From the columns of a user's table to the features of a network, step by step.

``columns.traced`` follows a table through fitted transformers, and
``columns.table_columns`` says what came of each column. ``registry`` holds a function
for each kind of transformer that is known:

``(step, table) -> list of OutputColumn, or None``
    for each output of a fitted step, in order, the one input from which it is made
    and its derivative; None if the outputs cannot be told apart like this. ``table``
    is a :class:`tables.TracedTable`: ``len(table)`` inputs, whose values
    ``table.numbers(j)`` are computed only if a function asks for them.

A kind that is not known, or whose subclass has a ``transform`` of its own, mixes
columns: its outputs are columns with their own names from there on. Names are never
used to guess what a step does.
"""
