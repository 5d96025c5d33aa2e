"""Figures of a range of records, made in one pass over them.

The nouns: a **record seen** (an envelope with its detail, where that is still there, and its classes), a **tally**
(how often each key was seen), **spans** (of each key the first time, how often and the last time), **rows** (of what is
rare, each one), **pairs** (a question and its answer, and how long it waited). A **section** is what one part of a
report knows: it is fed records in order, merged with that of the range which follows, and told as data. **Facts** are
all sections together.

Memory is bounded: by what was configured (agents, zones, rules, classes), by the days of the range, and by a limit for
whatever grows with persons; what lies beyond it is counted and told.
"""
