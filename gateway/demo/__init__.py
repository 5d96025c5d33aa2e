"""The demo: the whole system on one machine, with agents, callers and conversations that are made up.

Its nouns: an **agent** (a program of its own that speaks the OpenAI protocol and writes down what it received), a
**conversation** (what a caller sends), an **expectation** (what must come of it, kept in a file that the gateway never
reads), a **stage** (the processes of one run) and a **finding of the script** (what did not hold).
"""
