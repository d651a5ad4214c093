-- What the process at work on the check tells: how far it came, and of a queue that is through what it found.
-- KEYS[1] {omniq:x}:meta
-- ARGV now, id, owner, how long the claim holds in ms, index of the queue, phase, entries looked at in all, entries there
--   are in all, how many queues are begun or through, queue that is through ("": none), its report ("": there is no
--   such queue any more)
-- Returns the state: running, finished, or what else it was in ("stopped"); LOST when it is another's.
-- @include check
-- @include numbers
-- All of them are read at once.
local MOST_REPORTS = 4000
local now, name = ARGV[1], check_key()
if redis.call("TYPE", name).ok ~= "hash" then return "LOST" end
local kept = redis.call("HMGET", name, "id", "owner", "state", "at", "looked", "expected", "stop_at")
if kept[1] ~= ARGV[2] or kept[2] ~= ARGV[3] then return "LOST" end
if kept[3] ~= "running" then return kept[3] end
-- An answer that was lost, and came again: this queue is through already.
if ARGV[5] ~= kept[4] then return "LOST" end
local at, state = int(ARGV[5], 0), "running"
if ARGV[10] ~= "" then
  local health = ours(key("health"), "hash")
  if ARGV[11] == "" then
    redis.call("HDEL", health, ARGV[10])
  elseif redis.call("HLEN", health) < MOST_REPORTS or redis.call("HEXISTS", health, ARGV[10]) == 1 then
    redis.call("HSET", health, ARGV[10], ARGV[11])
  end
  redis.call("PEXPIRE", health, CHECK_KEPT_MS)
  at = at + 1
  if at >= redis.call("LLEN", queues_key()) then
    state = "finished"
  elseif kept[7] and at >= int(kept[7], 0) then
    -- It was stopped, and went on for these queues alone.
    state = "stopped"
    redis.call("HDEL", name, "stop_at")
  end
end
-- More to do than was known stops the progress for a while; it never turns it back.
local looked, expected = tonumber(ARGV[7]), tonumber(ARGV[8])
local was, of = int(kept[5], 0), int(kept[6], 0)
if was > 0 and looked * of < was * expected then expected = math.max(math.floor(looked * of / was), looked) end
redis.call("HSET", name, "at", text(at), "phase", ARGV[6], "looked", ARGV[7], "expected", text(expected),
  "begun", ARGV[9], "state", state, "owner_until", state == "running" and check_until(ARGV[4], now) or "0")
if state ~= "running" then redis.call("HSET", name, "ended_ms", now) end
keep_check()
return state
