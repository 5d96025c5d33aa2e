"""What is counted and timed. Labels are names from the configuration or the code, never a request's own."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, get_args

import msgspec
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from gateway.core.decision import Decision
from gateway.exchange.archive_figures import Figures
from gateway.exchange.archiving import Reason
from gateway.exchange.emergency_figures import STATES, EmergencyFigures
from gateway.exchange.health import AgentState
from gateway.store.replication import State
from gateway.store.tasks import QUEUED, Depth

if TYPE_CHECKING:
    from gateway.agents.issuers import IssuerState

_STEP_BUCKETS = (0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1, 5, 30)
_SECOND_NS = 1_000_000_000
_BATCH_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
STEPS = (
    *("identify", "read", "limit", "classify", "decide", "queue"),
    *("record-intent", "forward", "inspect", "record-outcome"),
)
RESERVE = "reserve"
"""A step of its own where there are limits to reserve from."""
_BREAKER = {"closed": 0, "half-open": 1, "open": 2}


class _Histogram(Collector):
    """A histogram for one thread, which costs a tenth of the library's at every observation.

    `values` are those of its one label, all known beforehand; without a label, the empty one. What is observed are
    whole numbers of which `scale` make one unit of the metric.
    """

    def __init__(
        self, name: str, text: str, bounds: Sequence[float], *, scale: int = 1, label: str = "", values: Sequence[str]
    ) -> None:
        self._name, self._text, self._bounds, self._scale, self._label = name, text, bounds, scale, label
        self._limits = tuple(round(bound * scale) for bound in bounds)
        self._counts = {value: [0] * (len(bounds) + 1) for value in values}
        self._sums = dict.fromkeys(values, 0)

    def observe(self, value: str, amount: int) -> None:
        self._counts[value][bisect_left(self._limits, amount)] += 1
        self._sums[value] += amount

    def collect(self) -> Iterator[HistogramMetricFamily]:
        family = HistogramMetricFamily(self._name, self._text, labels=[self._label] if self._label else ())
        bounds = [*(str(float(bound)) for bound in self._bounds), "+Inf"]
        for value, counts in self._counts.items():
            total, buckets = 0, []
            for bound, count in zip(bounds, counts, strict=True):
                total += count
                buckets.append((bound, total))
            family.add_metric([value] if self._label else [], buckets, self._sums[value] / self._scale)
        yield family


class _Counts(Collector):
    """A counter by its labels, for one thread: a number in a dictionary."""

    def __init__(self, name: str, text: str, labels: tuple[str, ...]) -> None:
        self._name, self._text, self._labels = name, text, labels
        self._counts: dict[tuple[str, ...], int] = {}

    def count(self, *labels: str, by: int = 1) -> None:
        self._counts[labels] = self._counts.get(labels, 0) + by

    def collect(self) -> Iterator[CounterMetricFamily]:
        family = CounterMetricFamily(self._name, self._text, labels=self._labels)
        for labels, number in list(self._counts.items()):
            family.add_metric(labels, number)
        yield family


class _Agents(Collector):
    """How each agent is: read from `Health` when somebody asks, so that requests pay nothing for it."""

    def __init__(self, states: Callable[[], Iterable[AgentState]]) -> None:
        self._states = states

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        states = list(self._states())
        for name, text, value in (
            ("healthy", "Whether there is no reason not to ask it", lambda one: one.healthy),
            ("breaker", "Its circuit breaker: 0 closed, 1 half-open, 2 open", lambda one: _BREAKER[one.breaker]),
            ("under_way", "Requests under way at it", lambda one: one.under_way),
            ("queued", "Requests that wait for a place at it", lambda one: one.queued),
            ("load", "Requests under way or waiting, as a share of its places", lambda one: one.load),
            ("answer_seconds", "Until it answers whole, weighted mean with failures", lambda one: one.answers_in_s),
            ("stream_seconds", "Until its streams begin, weighted mean with failures", lambda one: one.begins_in_s),
        ):
            gauge = GaugeMetricFamily(f"gateway_agent_{name}", text, labels=["agent"])
            for one in states:
                figure = value(one)
                if figure is not None:
                    gauge.add_metric([one.agent], figure)
            yield gauge
        for name, text, value in (
            ("retries", "Messages sent to it again", lambda one: one.retries),
            ("shed", "Requests that it had no place for, or that were not sent while it rests", lambda one: one.shed),
        ):
            counter = CounterMetricFamily(f"gateway_agent_{name}", text, labels=["agent"])
            for one in states:
                counter.add_metric([one.agent], value(one))
            yield counter


class _Archives(Collector):
    """How old the record in the database is, and what is archived of it."""

    def __init__(self, states: Callable[[], Iterable[tuple[str, Figures, int]]]) -> None:
        self._states = states

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        name, by = "gateway_archive", ["tenant"]
        count = GaugeMetricFamily(f"{name}s", "Archives that are on record", labels=by)
        oldest = GaugeMetricFamily(
            "gateway_record_oldest_timestamp_seconds", "When the oldest record there is was recorded", labels=by
        )
        over = GaugeMetricFamily(f"{name}_lag_seconds", "For how long the oldest record's days are over", labels=by)
        waits = GaugeMetricFamily(f"{name}_waits", "Whether what is due waits, by what for", labels=[*by, "reason"])
        failed = CounterMetricFamily(f"{name}_failures", "Rounds that failed", labels=by)
        for tenant, one, failures in self._states():
            count.add_metric([tenant], one.archives)
            over.add_metric([tenant], one.over_s)
            if one.oldest_s is not None:
                oldest.add_metric([tenant], one.oldest_s)
            for reason in get_args(Reason):
                waits.add_metric([tenant, reason], reason == one.waits)
            failed.add_metric([tenant], failures)
        yield from (count, oldest, over, waits, failed)


class _Issuers(Collector):
    """How each issuer is that is asked over HTTP, read when somebody asks."""

    def __init__(self, states: Callable[[], Iterable["IssuerState"]]) -> None:
        self._states = states

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        states = list(self._states())
        keys = GaugeMetricFamily(
            "gateway_issuer_keys", "Its keys that hold; 0: its tokens are refused", labels=["issuer"]
        )
        age = GaugeMetricFamily(
            "gateway_issuer_keys_age_seconds", "Seconds since its keys were last fetched", labels=["issuer"]
        )
        fetches = CounterMetricFamily(
            "gateway_issuer_fetches", "How often its keys were asked for, by end", labels=["issuer", "code"]
        )
        for one in states:
            keys.add_metric([one.issuer], one.keys)
            if one.age_s is not None:
                age.add_metric([one.issuer], one.age_s)
            for code, number in one.fetches.items():
                fetches.add_metric([one.issuer, code], number)
        yield from (keys, age, fetches)


class _Shared(Collector):
    """Whether the nodes' common counters are in use, read when somebody asks."""

    def __init__(self, state: Callable[[], tuple[bool, int]]) -> None:
        self._state = state

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        shared, lost = self._state()
        yield GaugeMetricFamily("gateway_limits_shared", "Whether limits are counted for all nodes together", shared)
        yield CounterMetricFamily("gateway_limits_lost", "How often their server was lost", lost)


class MessagesState(msgspec.Struct, frozen=True, kw_only=True):
    """How messages of tasks do. `passed`: how many were `told`, `heard`, and had no place (`untold`)."""

    connected: bool
    lost: int
    passed: Mapping[str, int]


class _Messages(Collector):
    """Whether nodes hear of each other's tasks, read when somebody asks."""

    def __init__(self, state: Callable[[], MessagesState]) -> None:
        self._state = state

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        state, name = self._state(), "gateway_task_messages"
        yield GaugeMetricFamily(f"{name}_connected", "Whether nodes hear of each other's tasks", state.connected)
        yield CounterMetricFamily(f"{name}_lost", "How often the server of their messages was lost", state.lost)
        passed = CounterMetricFamily(name, "Messages of tasks that wait", labels=["what"])
        for what, number in state.passed.items():
            passed.add_metric([what], number)
        yield passed


class WitnessState(msgspec.Struct, frozen=True, kw_only=True):
    """How a ledger, by its id, stands with its witnesses. `ends` counts answers by witness and what came of it."""

    tenant: str
    records: int
    seconds: float
    ends: Mapping[tuple[str, str], int]


class _Database(Collector):
    """How PostgreSQL stands: 1 for the one state that it is in, once it was asked."""

    def __init__(self, state: Callable[[], State | None]) -> None:
        self._state = state

    def collect(self) -> Iterator[GaugeMetricFamily]:
        told = GaugeMetricFamily("gateway_database_standing", "How PostgreSQL stands", labels=["state"])
        now = self._state()
        for state in get_args(State) if now is not None else ():
            told.add_metric([state], state == now)
        yield told


class _Emergency(Collector):
    """How the node's emergency ledger stands, read when somebody asks."""

    def __init__(self, figures: Callable[[], EmergencyFigures]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        now, name = self._figures(), "gateway_emergency"
        state = GaugeMetricFamily(f"{name}_state", "How the emergency ledger stands", labels=["state"])
        for one in STATES:
            state.add_metric([one], one == now.state)
        yield state
        yield CounterMetricFamily(f"{name}_begun", "Emergencies since the start", now.begun)
        yield GaugeMetricFamily(f"{name}_records", "Records of the emergency that is under way", now.records)
        yield GaugeMetricFamily(f"{name}_left", "Emergencies that are over and not stitched in", now.left)
        if now.copy_age_s is not None and now.copy_rows is not None:
            age, rows = f"{name}_copy_age_seconds", f"{name}_copy_rows"
            yield GaugeMetricFamily(age, "Age of the copy of what deciding needs", now.copy_age_s)
            yield GaugeMetricFamily(rows, "Rows of that copy", now.copy_rows)


class _Witnesses(Collector):
    """How far ledgers go beyond what witnesses have seen, read when somebody asks."""

    def __init__(self, states: Callable[[], Iterable[WitnessState]]) -> None:
        self._states = states

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        name = "gateway_ledger_unwitnessed"
        records = GaugeMetricFamily(f"{name}_records", "Records that no quorum has seen", labels=["tenant"])
        seconds = GaugeMetricFamily(f"{name}_seconds", "Age of the oldest of them", labels=["tenant"])
        answers = CounterMetricFamily("gateway_witness_answers", "Answers", labels=["tenant", "witness", "end"])
        for one in self._states():
            records.add_metric([one.tenant], one.records)
            seconds.add_metric([one.tenant], one.seconds)
            for (witness, end), number in one.ends.items():
                answers.add_metric([one.tenant, witness, end], number)
        yield from (records, seconds, answers)


class StampState(msgspec.Struct, frozen=True, kw_only=True):
    """How a ledger, by its id, stands with its time-stamping authorities. `ends` counts answers by authority and what
    came of it."""

    tenant: str
    records: int
    seconds: float
    ends: Mapping[tuple[str, str], int]


class _Stamps(Collector):
    """How far ledgers go beyond what was time-stamped, read when somebody asks."""

    def __init__(self, states: Callable[[], Iterable[StampState]]) -> None:
        self._states = states

    def collect(self) -> Iterator[GaugeMetricFamily | CounterMetricFamily]:
        name = "gateway_ledger_unstamped"
        records = GaugeMetricFamily(f"{name}_records", "Records beyond the newest time-stamp", labels=["tenant"])
        seconds = GaugeMetricFamily(f"{name}_seconds", "Age of the oldest of them", labels=["tenant"])
        answers = CounterMetricFamily("gateway_tsa_answers", "Answers", labels=["tenant", "tsa", "end"])
        for one in self._states():
            records.add_metric([one.tenant], one.records)
            seconds.add_metric([one.tenant], one.seconds)
            for (tsa, end), number in one.ends.items():
                answers.add_metric([one.tenant, tsa, end], number)
        yield from (records, seconds, answers)


class ForwardState(msgspec.Struct, frozen=True, kw_only=True):
    """How far a destination is with a ledger's records: how many it has not taken, and how old the oldest is."""

    tenant: str
    forward: str
    records: int
    seconds: float
    failing: bool


class _Forwards(Collector):
    """How far destinations of records are, read when somebody asks."""

    def __init__(self, states: Callable[[], Iterable[ForwardState]]) -> None:
        self._states = states

    def collect(self) -> Iterator[GaugeMetricFamily]:
        labels = ["tenant", "forward"]
        records = GaugeMetricFamily("gateway_forward_lag_records", "Records that it has not taken", labels=labels)
        seconds = GaugeMetricFamily("gateway_forward_lag_seconds", "Age of the oldest of them", labels=labels)
        for one in self._states():
            records.add_metric([one.tenant, one.forward], one.records)
            seconds.add_metric([one.tenant, one.forward], one.seconds)
        yield from (records, seconds)


class ScheduleState(msgspec.Struct, frozen=True, kw_only=True):
    """How a schedule of bundles stands: for how long the oldest period has been over whose bundle is not delivered (0
    where there is none), and when one was delivered last, in seconds since the epoch."""

    tenant: str
    schedule: str
    late_s: float
    succeeded_s: float | None


class _Schedules(Collector):
    """How schedules of bundles stand, read when somebody asks."""

    def __init__(self, states: Callable[[], Iterable[ScheduleState]]) -> None:
        self._states = states

    def collect(self) -> Iterator[GaugeMetricFamily]:
        labels = ["tenant", "schedule"]
        late = GaugeMetricFamily("gateway_schedule_late_seconds", "Age of the oldest undelivered period", labels=labels)
        last = GaugeMetricFamily("gateway_schedule_success_seconds", "When one was delivered last", labels=labels)
        for one in self._states():
            late.add_metric([one.tenant, one.schedule], one.late_s)
            if one.succeeded_s is not None:
                last.add_metric([one.tenant, one.schedule], one.succeeded_s)
        yield from (late, last)


class Metrics:
    """The gateway's Prometheus metrics, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = _Counts("gateway_requests", "Requests by end", ("tenant", "protocol", "code"))
        self._decisions = _Counts("gateway_decisions", "Decisions", ("tenant", "effect", "zone"))
        self._observed = _Counts(
            "gateway_decisions_observed", "Decisions that watched rules would have made otherwise", ("tenant", "effect")
        )
        self._agent_calls = _Counts(
            "gateway_agent_calls", "Calls by agents, by what they were made for", ("tenant", "made_for")
        )
        self._untold: frozenset[str] = frozenset()
        self._agent_errors = _Counts("gateway_agent_errors", "Failures of agents", ("tenant", "agent", "code"))
        self._unidentified = _Counts("gateway_failed_identifications", "Requests of nobody, by refusal", ("code",))
        self._limited = _Counts(
            "gateway_limited",
            "Requests beyond a limit: refused (hard) or told (soft)",
            ("tenant", "limit", "what", "kind"),
        )
        steps = _Histogram(
            "gateway_step_seconds",
            "Seconds spent in each step of the pipeline",
            _STEP_BUCKETS,
            scale=_SECOND_NS,
            label="step",
            values=(*STEPS, RESERVE),
        )
        self.step = steps.observe
        """Told a step's name and the nanoseconds it took."""
        self._batches = _Histogram(
            "gateway_ledger_batch_records", "Records committed together", _BATCH_BUCKETS, values=("",)
        )
        self._commits = _Histogram(
            "gateway_ledger_commit_seconds", "Seconds a batch took", _STEP_BUCKETS, scale=_SECOND_NS, values=("",)
        )
        self._approvals = _Counts("gateway_approvals", "Steps of approvals", ("tenant", "event"))
        self._task_tries = _Counts("gateway_task_tries", "Tries of tasks by what came of them", ("tenant", "code"))
        self._notices = _Counts("gateway_notices", "Notices by what became of them", ("tenant", "end"))
        self._callbacks = _Counts("gateway_callbacks", "Callbacks of tasks by what became of a try", ("tenant", "end"))
        self._pulls = _Counts(
            "gateway_pulls", "Agents that fetch their requests, by what they got or brought", ("tenant", "end")
        )
        self._tokens = _Counts(
            "gateway_tokens", "Tokens that stand for findings, by what became of them", ("tenant", "what")
        )
        self._glass = _Counts("gateway_break_glass", "Steps of break-glass", ("tenant", "event"))
        self._callers_cut = _Counts("gateway_callers_cut", "Connections cut off whose callers took nothing", ())
        self._policies_taken = _Counts("gateway_policies_taken", "Policy versions taken over while serving", ())
        self._personal = _Counts(
            "gateway_personal_exchanges",
            "Exchanges with personal data, by whether it is known of whom",
            ("tenant", "about"),
        )
        self._linked = _Counts("gateway_subjects_linked", "Data subjects that messages said", ("tenant", "what"))
        self._forwarded = _Counts("gateway_forward_records", "Records forwarded", ("tenant", "forward"))
        self._forward_errors = _Counts(
            "gateway_forward_errors", "Batches that a destination did not take", ("tenant", "forward", "code")
        )
        self._scheduled = _Counts("gateway_scheduled_bundles", "Bundles by schedule", ("tenant", "schedule", "end"))
        self._bundles = _Counts("gateway_bundles", "Ends of evidence bundles", ("tenant", "end"))
        self._bundle_restarts = _Counts(
            "gateway_bundle_restarts", "Builds of bundles after another was cut off", ("tenant", "begins")
        )
        self._bundles_alone = _Counts(
            "gateway_bundles_alone",
            "Bundles written without the process beside that should have been",
            ("tenant", "why"),
        )
        self._reviews = _Counts(
            "gateway_reviews", "Steps of reviews of what was sent, and of activity", ("tenant", "event")
        )
        counts = (self._requests, self._decisions, self._agent_calls, self._agent_errors)
        more = (self._unidentified, self._limited, self._approvals, self._notices, self._glass, self._policies_taken)
        for one in (
            *counts,
            *more,
            self._callers_cut,
            self._tokens,
            self._task_tries,
            self._callbacks,
            self._pulls,
            self._reviews,
            self._personal,
            self._linked,
            self._forwarded,
            self._forward_errors,
            self._bundles,
            self._scheduled,
            self._bundle_restarts,
            self._bundles_alone,
            self._observed,
            steps,
            self._batches,
            self._commits,
        ):
            self.registry.register(one)
        self._lag = Gauge(
            "gateway_ledger_lag_records", "Records that wait to be written", ["tenant"], registry=self.registry
        )
        depth = ("Tasks by state; those that failed are the dead letters", ["tenant", "state"])
        self._tasks = Gauge("gateway_tasks", *depth, registry=self.registry)
        self._task_age = Gauge(
            "gateway_task_oldest_seconds", "Since when the oldest task waits", ["tenant"], registry=self.registry
        )
        self._tasks_here = Gauge("gateway_tasks_under_way", "Tasks under way in this process", registry=self.registry)
        self._incidents = Gauge(
            "gateway_incidents_open", "Incidents that nobody has closed", ["tenant"], registry=self.registry
        )
        self._uncovered = Gauge(
            "gateway_ledger_uncovered_seconds",
            "Age of the oldest record that no checkpoint covers",
            ["tenant"],
            registry=self.registry,
        )
        self._up = Gauge("gateway_ledger_up", "Whether the ledger can be written", ["tenant"], registry=self.registry)

    def request(self, tenant: str, protocol: str, code: str) -> None:
        """`tenant`, here and below, is a ledger's id; empty where nobody was known."""
        self._requests.count(tenant, protocol, code)

    def decision(self, tenant: str, decision: Decision, zone: str | None) -> None:
        self._decisions.count(tenant, decision.effect, zone or "none")
        if decision.observed is not None:
            self._observed.count(tenant, decision.observed.effect)

    def agent_call(self, tenant: str, made_for: str) -> None:
        """`exchange` where its token says for which one, `open` where it may be any of those that are open, `none`."""
        self._agent_calls.count(tenant, made_for)

    def unidentified(self, code: str) -> None:
        self._unidentified.count(code)

    def agent_error(self, tenant: str, agent: str, code: str) -> None:
        self._agent_errors.count(tenant, "" if agent in self._untold else agent, code)

    def limited(self, tenant: str, limit: str, what: str, hard: bool) -> None:
        """A request met this limit."""
        self._limited.count(tenant, limit, what, "hard" if hard else "soft")

    def approval(self, tenant: str, event: str) -> None:
        """`requested`, `approved`, `denied`, `edited`, `expired`, `superseded`, `revealed`, `used`, `returned`,
        `supervised` or `unsupervised`."""
        self._approvals.count(tenant, event)

    def shared(self, state: Callable[[], tuple[bool, int]]) -> None:
        """Tell of the counters that nodes have in common: whether they are in use, and how often they were lost."""
        self.registry.register(_Shared(state))

    def task_messages(self, state: Callable[[], MessagesState]) -> None:
        """Tell of the messages by which nodes hear of each other's tasks."""
        self.registry.register(_Messages(state))

    def archives(self, states: Callable[[], Iterable[tuple[str, Figures, int]]]) -> None:
        """Tell of archives, and how old the record is."""
        self.registry.register(_Archives(states))

    def caller_cut(self) -> None:
        """A caller that took nothing of what waited for it was cut off."""
        self._callers_cut.count()

    def policy_taken(self) -> None:
        """A version that was activated elsewhere is served by."""
        self._policies_taken.count()

    def glass(self, tenant: str, event: str) -> None:
        """`opened`, `closed`, `reviewed` or `overdue`."""
        self._glass.count(tenant, event)

    def bundle(self, tenant: str, end: str) -> None:
        """`ready`, `failed`, `cancelled` or `expired`."""
        self._bundles.count(tenant, end)

    def bundle_restarted(self, tenant: str, begins: str) -> None:
        """`kept`, from what was kept of it, or `anew`."""
        self._bundle_restarts.count(tenant, begins)

    def bundle_alone(self, tenant: str, why: str) -> None:
        """`not_started`, or `lost` meanwhile."""
        self._bundles_alone.count(tenant, why)

    def uncovered(self, tenant: str, seconds: float) -> None:
        """How old the oldest record is that no checkpoint covers; 0 where there is none."""
        self._uncovered.labels(tenant).set(seconds)

    def incidents(self, tenant: str, number: int) -> None:
        """How many are open, of all nodes."""
        self._incidents.labels(tenant).set(number)

    def review(self, tenant: str, event: str) -> None:
        """`sampled`, `revealed`, `complete` or `missed`; `signed`, of a review of activity."""
        self._reviews.count(tenant, event)

    def tokens(self, tenant: str, counts: Mapping[str, int]) -> None:
        """`sent`; in answers `back`, `kept` or `foreign`."""
        for what, number in counts.items():
            if number:
                self._tokens.count(tenant, what, by=number)

    def notice(self, tenant: str, end: str) -> None:
        """`sent` or `failed`."""
        self._notices.count(tenant, end)

    def pulled(self, tenant: str, end: str) -> None:
        """`handed`, `empty`, `answered` or `late`."""
        self._pulls.count(tenant, end)

    def callback(self, tenant: str, end: str) -> None:
        """`delivered`, `again` or `failed`."""
        self._callbacks.count(tenant, end)

    def agents(self, states: Callable[[], Iterable[AgentState]], untold: frozenset[str] = frozenset()) -> None:
        """Tell how the agents are, by what `states` gives at the time. `untold`: agents that are never named; what they
        fail in is counted under no name."""
        self._untold = untold
        self.registry.register(_Agents(states))

    def issuers(self, states: Callable[[], Iterable["IssuerState"]]) -> None:
        """Tell how the issuers are, by what `states` gives at the time."""
        self.registry.register(_Issuers(states))

    def witnesses(self, states: Callable[[], Iterable[WitnessState]]) -> None:
        """Tell how ledgers stand with their witnesses, by what `states` gives at the time."""
        self.registry.register(_Witnesses(states))

    def stamps(self, states: Callable[[], Iterable[StampState]]) -> None:
        """Tell how ledgers stand with their time-stamping authorities, by what `states` gives at the time."""
        self.registry.register(_Stamps(states))

    def personal(self, tenant: str, about: str) -> None:
        """An exchange with personal data that is sent: `named` by the caller, `found` otherwise, or about `nobody`."""
        self._personal.count(tenant, about)

    def linked(self, tenant: str, number: int, left_out: bool) -> None:
        """So many data subjects were found in a message, beside those named; `left_out`: there were more."""
        if number:
            self._linked.count(tenant, "linked", by=number)
        if left_out:
            self._linked.count(tenant, "left_out")

    def forwards(self, states: Callable[[], Iterable[ForwardState]]) -> None:
        """Tell how far destinations of records are, by what `states` gives at the time."""
        self.registry.register(_Forwards(states))

    def schedules(self, states: Callable[[], Iterable[ScheduleState]]) -> None:
        """Tell how schedules of bundles stand, by what `states` gives at the time."""
        self.registry.register(_Schedules(states))

    def scheduled(self, tenant: str, schedule: str, end: str) -> None:
        """Of a period's bundle: it became due, was delivered, could not be until now, was given up or missed."""
        self._scheduled.count(tenant, schedule, end)

    def forwarded(self, tenant: str, forward: str, number: int) -> None:
        """So many records were sent to a destination, some of them perhaps again."""
        self._forwarded.count(tenant, forward, by=number)

    def forward_failed(self, tenant: str, forward: str, code: str) -> None:
        self._forward_errors.count(tenant, forward, code)

    def database(self, state: Callable[[], State | None]) -> None:
        """Tell how PostgreSQL stands, by what `state` gives at the time."""
        self.registry.register(_Database(state))

    def emergency(self, figures: Callable[[], EmergencyFigures]) -> None:
        """Tell how the node's emergency ledger stands, by what `figures` gives at the time."""
        self.registry.register(_Emergency(figures))

    def batch(self, size: int, seconds: float) -> None:
        self._batches.observe("", size)
        self._commits.observe("", round(seconds * _SECOND_NS))

    def ledger(self, tenant: str, lag: int, up: bool) -> None:
        self._lag.labels(tenant).set(lag)
        self._up.labels(tenant).set(up)

    def task_tried(self, tenant: str, code: str) -> None:
        self._task_tries.count(tenant, code)

    def tasks_now(self, depths: Iterable[Depth], under_way: int, now_us: int) -> None:
        """How many tasks there are of each tenant, by its ledger id."""
        self._tasks.clear()
        self._task_age.clear()
        for depth in depths:
            self._tasks.labels(depth.tenant, depth.state).set(depth.count)
            if depth.state == QUEUED:
                self._task_age.labels(depth.tenant).set(max(0, now_us - depth.since_us) / 1_000_000)
        self._tasks_here.set(under_way)

    def exposition(self) -> bytes:
        """The text format of Prometheus, version 0.0.4."""
        return generate_latest(self.registry)
