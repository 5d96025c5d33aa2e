"""The script that keeps counters on Redis or Valkey: what it is told, what it does, what it answers.

It runs alone on the server, so that whatever several nodes ask at once, each sees what the others were granted. Its
clock is the server's own, which never runs back within a window: a slice that was seen is the earliest there is.

A window is a hash: the amount of each slice by its number, `t` their sum, `s` the newest slice that was seen, `o` the
oldest. What has left the window is looked for only when a new slice begins, so that most calls cost the same whatever
is in it. Requests under way are a sorted set: the lease, by the time in milliseconds at which it ends.

What the server remembers has a mark, which begins with the server's own id of its run (`run_id` of `INFO server`,
another one whenever it starts, and on every replica). A server that was started anew may have read an old snapshot,
mark and all, and a replica that took over may lack the last that was granted: by its run neither is taken for the one
that knows. Nothing is done for who expects another mark or another run.
"""

from collections.abc import Sequence
from string import Template

from gateway.core.counters import AGAIN, RENEW, SLICES, Change, Exceeded, Level, Want
from gateway.core.errors import FormatError

_REMEMBERS = """
local function run() return string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') end
local function remembers(key, memory)
  local since = string.match(memory, '^(%w+):')
  return since and redis.call('GET', key) == memory and run() == since
end
"""
MARK = (
    _REMEMBERS
    + """
local run, found = run(), redis.call('GET', KEYS[1])
if not run then return '' end
if found and string.match(found, '^(%w+):') == run then return found end
local mark = run .. ':' .. ARGV[1]
redis.call('SET', KEYS[1], mark)
redis.call('DEL', KEYS[2])
return mark
"""
)
"""The mark of what the server remembers; a new one, with nobody who has told, where there is none of this run."""
TELL = (
    _REMEMBERS
    + """
if not remembers(KEYS[1], ARGV[1]) then return -1 end
redis.call('SADD', KEYS[2], ARGV[2])
return redis.call('SCARD', KEYS[2])
"""
)
"""One node more that has told; how many there are, or -1 where the server does not remember."""
SCRIPT = Template(
    _REMEMBERS
    + """
local SLICES, RENEW, AGAIN = $SLICES, $RENEW, $AGAIN
local function whole(number) return string.format('%.0f', number) end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local now_ms = math.floor(now / 1000)
local lease, lease_ms, changes, memory = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local last = #KEYS - 1
if memory ~= '' and not remembers(KEYS[#KEYS], memory) then return { 2 } end

local function opened(key, window)
  local w = { key = key, window = window, step = math.ceil(window / SLICES) }
  w.current = math.floor(now / w.step)
  local head = redis.call('HMGET', key, 's', 't', 'o')
  local seen = tonumber(head[1])
  w.total, w.oldest, w.new = tonumber(head[2]) or 0, tonumber(head[3]) or w.current, not seen
  if not seen then return w end
  if w.current <= seen then
    w.current = seen
    return w
  end
  local all, gone = redis.call('HGETALL', key), {}
  w.total, w.oldest = 0, w.current
  for i = 1, #all, 2 do
    local slice = tonumber(all[i])
    if slice then
      if slice < w.current - SLICES then
        gone[#gone + 1] = all[i]
      else
        w.total = w.total + tonumber(all[i + 1])
        if slice < w.oldest then w.oldest = slice end
      end
    end
  end
  if #gone > 0 then redis.call('HDEL', key, unpack(gone)) end
  redis.call('HSET', key, 's', whole(w.current), 't', whole(w.total), 'o', whole(w.oldest))
  return w
end

local function put(w, amount)
  if w.new then redis.call('HSET', w.key, 's', whole(w.current), 'o', whole(w.current)) end
  redis.call('HINCRBY', w.key, whole(w.current), whole(amount))
  redis.call('HINCRBY', w.key, 't', whole(amount))
  redis.call('PEXPIRE', w.key, whole(math.ceil((w.window + 3 * w.step) / 1000)))
  w.total, w.new = w.total + amount, false
end

local function free(w, needed)
  local all, slices, freed = redis.call('HGETALL', w.key), {}, 0
  for i = 1, #all, 2 do
    local slice = tonumber(all[i])
    if slice then slices[#slices + 1] = { slice, tonumber(all[i + 1]) } end
  end
  table.sort(slices, function(a, b) return a[1] < b[1] end)
  for _, slice in ipairs(slices) do
    freed = freed + slice[2]
    if freed >= needed then return (slice[1] + SLICES + 1) * w.step - now end
  end
  return w.window
end

for i = 1, changes do
  local key, at = KEYS[i], 4 + (i - 1) * 4
  local window, amount = tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2])
  local slice, whose = ARGV[at + 3], ARGV[at + 4]
  if window == 0 then
    redis.call('ZREM', key, whose)
  elseif window == RENEW then
    redis.call('ZADD', key, 'XX', now_ms + lease_ms, whose)
    redis.call('PEXPIRE', key, lease_ms)
  elseif window == AGAIN then
    redis.call('ZADD', key, now_ms + lease_ms, whose)
    redis.call('PEXPIRE', key, lease_ms)
  else
    local w = opened(key, window)
    if amount > 0 then
      put(w, amount)
    else
      local there = tonumber(redis.call('HGET', key, slice) or '0')
      local back = math.min(-amount, there)
      if back > 0 then
        redis.call('HINCRBY', key, slice, whole(-back))
        redis.call('HINCRBY', key, 't', whole(-back))
      end
    end
  end
end

local wanted, first = {}, 4 + changes * 4
for i = changes + 1, last do
  local at = first + (i - changes - 1) * 4
  local want = { window = tonumber(ARGV[at + 1]), amount = tonumber(ARGV[at + 3]) }
  local count, hard = tonumber(ARGV[at + 2]), ARGV[at + 4] == '1'
  if want.window == 0 then
    redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', now_ms)
    want.used = redis.call('ZCARD', KEYS[i])
    if hard and want.used + want.amount > count then return { 0, i - changes - 1, 1000000 } end
  else
    want.w = opened(KEYS[i], want.window)
    if hard and want.w.total + want.amount > count then
      return { 0, i - changes - 1, free(want.w, want.w.total + want.amount - count) }
    end
  end
  wanted[#wanted + 1] = want
end

local answer = { 1 }
for i, want in ipairs(wanted) do
  local key = KEYS[changes + i]
  if want.window == 0 then
    redis.call('ZADD', key, now_ms + lease_ms, lease)
    redis.call('PEXPIRE', key, lease_ms)
    answer[#answer + 1] = want.used + want.amount
    answer[#answer + 1] = 0
    answer[#answer + 1] = 0
  else
    put(want.w, want.amount)
    answer[#answer + 1] = want.w.total
    answer[#answer + 1] = want.w.current
    answer[#answer + 1] = (want.w.oldest + SLICES + 1) * want.w.step - now
  end
end
return answer
"""
).substitute(SLICES=SLICES, RENEW=RENEW, AGAIN=AGAIN)
_HEAD, _WIDTH, _FORGOTTEN = 1, 3, 2


def told(
    prefix: str, lease: str, lease_ms: int, changes: Sequence[Change], wants: Sequence[Want], memory: str
) -> tuple[list[str], list[str | int]]:
    """Keys and arguments. `memory`: the mark that must be there for anything to be done; "" where it need not."""
    keys = [f"{prefix}:{change.key}" for change in changes]
    arguments: list[str | int] = [lease, lease_ms, len(changes), memory]
    for change in changes:
        arguments += (change.window_us, change.amount, change.slice, change.lease)
    for want in wants:
        keys.append(f"{prefix}:{want.key}")
        arguments += (want.window_us, want.count, want.amount, int(want.hard))
    return [*keys, memory_key(prefix)], arguments


def memory_key(prefix: str) -> str:
    """The key of the mark by which nodes see that the server remembers what it was told."""
    return f"{prefix}:memory"


def told_key(prefix: str) -> str:
    """The key of the nodes that have told all they know since that mark was left."""
    return f"{prefix}:memory:told"


def forgotten(reply: object) -> bool:
    """Whether the script did nothing because another mark is there, or none, or the server runs anew."""
    return reply == [_FORGOTTEN]


def answered(reply: object, wants: int) -> tuple[Level, ...] | Exceeded:
    """What the script says; `FormatError` for a reply that it cannot have given."""
    if not isinstance(reply, list) or not all(type(item) is int for item in reply):
        raise FormatError("the counters' server answered something else than numbers")
    if len(reply) == _WIDTH and reply[0] == 0 and 0 <= reply[1] < wants:
        return Exceeded(reply[1], _seconds(reply[2]))
    if len(reply) != _HEAD + _WIDTH * wants or reply[0] != 1:
        raise FormatError("the counters' server answered another number of levels")
    return tuple([Level(reply[at], reply[at + 1], _seconds(reply[at + 2])) for at in range(_HEAD, len(reply), _WIDTH)])


def _seconds(us: int) -> int:
    return max(1, -(-us // 1_000_000))
