"""Where agents should run, from what is on record: the feasibility of cloud, hybrid and on-premise placement.

`Seen`      takes records, and has the load, the data and the agents of each capability  `seen`
`judge`     a verdict on one of them, with its reasons                                    `verdict`
`document`  all of it as data, text and HTML                                              `telling`

Figures are those of the record. What only people know (how ready the house is, what its people can do) comes from the
configuration, and a verdict says which of both it rests on.
"""
