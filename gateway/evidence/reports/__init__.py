"""Reports of the figures of a range of records, for people: HTML, PDF, and the same as data.

The nouns: a **document** is a report as data: sections, each of blocks (text, fields, a table, a plot, a form to sign).
A **register** is what a policy version says of zones and processors, told apart from what records show. A **kind** of
report has what composes its sections from a **basis**: figures, registers, and where they come from. A **plot** is
drawn as SVG by pure functions of a width.

No report says that anybody complies: it says what was recorded, for which period, from which coverage, and how to check
it; what no record shows it calls not evidenced, with the reason.
"""
