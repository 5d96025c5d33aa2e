"""Text in, findings and data classes out; linear in the size of the text, whatever the text is.

`Recognizer`  how one kind of finding looks: frozen data (pattern, check, words near by)  `recognizer`
`Lexicon`     words that are findings themselves, or context for others                   `recognizer`
`Registry`    the recognizers and lexicons of an engine, and their digest                 `registry`
`Locator`     finds all hits in one short window of text                                  `locator`
`Finder`      finds the hits of one recognizer in it                                      `candidates`
`Words`       finds the words of all lexicons in it                                       `words`
`Cursor`      walks a text, or a stream of it, window by window                           `cursor`
`Columns`     follows tables: a heading names what stands below it                        `columns`
`Engine`      scans messages and opens streams                                            `engine`
`StreamScan`  masks streamed text as it passes                                            `stream`

`families` holds what ships, one file per family; `classes` says what findings mean for policy. The matched text never
leaves this package: a finding is a type, a place, a score and a reason.
"""
