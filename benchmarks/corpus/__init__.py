"""The project's own labelled text: templates, values to fill them with, what only looks like personal data, disguises.

*Templates* (`templates/tuning`, `templates/test`) are texts with *slots*; *values* (`people`, `identifiers`,
`credentials`) fill them; a filled template is a *row* with a *span* for each slot and each labelled phrase. *Negatives*
are rows without personal data. A *disguise* writes the values of a row in another way. Everything follows from fixed
seeds: the same version of this folder and of Faker gives the same rows, byte for byte.
"""
