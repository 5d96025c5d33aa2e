"""The nouns that every other part speaks of, as frozen values, and the ports through which effects arrive.

`Caller`     who makes a request                        `caller`
`Part`       a piece of text in a message, with a place `message`
`Message`    what a caller sends, read by its adapter   `message`
`Answer`     what an agent sends back, likewise         `message`
`Finding`    a typed span in a part                     `finding`
`Scan`       all findings of a message, and its classes `finding`
`Decision`   what policy says, for which agent, and why `decision`
`Refusal`    a request that ends here, with its code    `refusal`

`scopes` is what a credential may be narrowed to.
`canonical` is the one encoder of everything that is hashed; `ports` are the Protocols for what does I/O.
This package imports the standard library and msgspec, and does no I/O.
"""
