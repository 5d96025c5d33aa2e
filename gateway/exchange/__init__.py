"""What the pipeline's steps are made of: each joins checks, agents and the record for one step of an exchange.

`Arrival`    a request at the door, its body not read yet      `arrival`
`Responder`  where the answer goes                             `arrival`
`Exchange`   what is known of one request so far               `exchange`
`Parts`      what the pipeline and its steps are made of        `parts`
`read_message`  the body into a message for agents              `reading`
`classify`   its data classes, and what sticks to its caller    `classifying`
`intend`     its intent, durable before anything leaves         `intending`
`Scribe`     turns what is known into ledger entries           `scribe`
`Router`     candidates, rulings and masks: the decision       `router`
`Planner`    the same decision again, from memory            `planning`
`Chooser`    the decision, with an eye on how agents are       `choosing`
`Caching`    answers that are kept, and who may have them      `caching`
`Health`     how agents are: breakers, places, retry budgets   `health`
`Forwarder`  retries and fall-back                             `forwarder`
`Inspector`  answers and streams on their way back             `inspector`
`Answering`  the way back: `whole`, `streamed`, `buffered`, `events`   `answering`, `passing`
`Governor`   what a protocol adds around the steps              `governor`, `mcp`
`load_descriptions`  what files declare of plain HTTP agents   `descriptions`
`Tasks`      requests that are made later                   `tasks`, `task_order`, `task_scribe`
`Rereading`  answers that are kept, decided on again        `rereading`
`Callbacks`  tell destinations what became of tasks         `callbacks`, `callback_scribe`
`Dispatcher` claims tasks and hands them to the pipeline    `dispatcher`, `task_answer`, `standing`
`Failures`   failed identifications, counted                   `failures`
`IssuerRecords`  changes of issuers' keys, on record           `issuers`
"""
