"""What the pipeline's steps are made of: each joins checks, agents and the record for one step of an exchange.

`Arrival, Responder` a request at the door, and where its answer goes  `arrival`
`Exchange`           what is known of one request so far               `exchange`
`Parts`              what the pipeline and its steps are made of       `parts`
`Admission`          step 1: who calls; step 3: how often              `admission`, `failures`, `glass`
`read_message`       step 2: the body into a message for agents        `reading`, `protocols`
`Governor`           what a protocol adds around the steps             `governor`, `mcp`, `a2a`
`classify`           step 4: data classes, and what sticks             `classifying`, `sessions`
`Delegation`         what calls of agents carry and bring back         `delegation`
`Router`             step 5: candidates, rulings and masks             `router`, `explanations`
`Planner, Chooser`   the same from memory, with an eye on agents       `planning`, `choosing`, `health`
`Ordering`           in which order agents are asked                   `ordering`, `speed`
`Approvals`          step 6: what waits for people                     `approvals`, `approval_*`
`Approving`          the approvers' side of it                         `approving`, `answerers`
`Supervision`        an agent that is asked before people are          `supervising`
`Quotas`             what may be used, reserved and settled            `quotas`, `reservation`, `usage`
`Caching`            answers that are kept, and who may have them      `caching`
`intend`             step 7: the intent, durable                       `intending`
`Scribe`             what is known, as ledger entries                  `scribe`, `accounts`
`Forwarder`          step 8: retries and fall-back                     `forwarder`, `retry`, `slots`
`Answering`          steps 9 and 10: the way back of an answer         `answering`, `passing`
`Inspector`          what every way back lets pass                     `inspector`, `ended`
`Whole … Evented`    each way back                                     `whole`, `streamed`, `buffered`, `events`
`UnderWay`           who may not act any more gets nothing more        `underway`
`Tasks`              requests that are made later                      `tasks`, `task_*`
`Dispatcher`         claims tasks and hands them to the pipeline       `dispatcher`, `standing`
`Rereading`          answers given later, decided on again             `rereading`
`Callbacks`          tell destinations what became of tasks            `callbacks`, `callback_scribe`
`Notices`            people are told what they should know of          `notices`
`Proposals`          which policy is in force, and who says so         `proposals`, `comparing`
`Auditor`            reading the record, recorded                      `auditor`, `simulation`, `drafting`
`SharedCounters`     what nodes count together                         `shared`, `applying`
`IssuerRecords`      changes of issuers' keys, on record               `issuers`
"""
