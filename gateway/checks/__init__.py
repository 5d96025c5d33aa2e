"""What a request must pass, each check as values in and a value out: no database, no socket, no clock of its own.

`identity`        credential → `Identity`, or why not
`limits`          request rates and how many at once
`schema`          a document against its JSON Schema
`classification`  text → findings → data classes
`policy`          a question → a ruling, and the rules behind it
"""
