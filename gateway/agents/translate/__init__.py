"""Messages of one API in another's words: OpenAI chat completions, OpenAI responses, Anthropic messages.

`neutral`            the middle: requests, replies and stream events that belong to no provider
`fields`             takes untrusted objects apart so that nothing in them is lost without a word (`Lost`)
`chat_request`, `responses_request`, `messages_request`   each form's requests ⇄ neutral
`chat_reply`, `responses_reply`, `messages_reply`         each form's whole answers and errors ⇄ neutral
`chat_stream`, `responses_stream`, `messages_stream`      each form's event streams ⇄ neutral
`forms`              the three forms in one table, and the translations between any two of them
`stream`             a stream's bytes in one form to its bytes in another
`adapter`            `Translating`: an adapter for agents of other families as well

All of it is pure. What cannot be said in the other form is `Untranslatable`, by the name of the feature; what is left
out on purpose is listed in `docs/translation.md` and nowhere else.
"""
