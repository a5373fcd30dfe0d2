"""Whether a trained network obeys annotations and signs: measured, reached and said.

``measuring`` permutes what is ruled out and makes a ``record``; ``raising`` trains on
with a larger strength until the record is good enough; ``reporting`` warns otherwise.
"""
