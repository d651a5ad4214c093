-- Sets counters to what the lanes hold, all of the same moment.
-- KEYS[1] anchor
-- ARGV as lib/repairing has it, [9] kind (counters, old_stats: all of them, as one), then which
-- Returns what a batch of a task does.
-- @include repairing
-- @include recounting
local kept, refusal = open_repair()
if not kept then return refusal end
local fault = counters_fault()
if fault then return fault end
local found, answers = counters_now(), {}
if ARGV[9] == "old_stats" then
  -- A queue is found by this key: it has to be there, whatever the figures are.
  local changed = redis.call("EXISTS", key("stats")) == 0
  for _, name in ipairs(COUNTERS) do
    changed = recount(name, found[name]) or changed
    redis.call("HSETNX", key("stats"), name, "0")
  end
  return close_whole("old_stats", kept, { [changed and "OK" or "MOVED_ON"] = 1 }, true)
end
for i = 10, #ARGV do
  answers[#answers + 1] = found[ARGV[i]] and recount(ARGV[i], found[ARGV[i]]) and "OK" or "MOVED_ON"
  redis.call("HDEL", findings_key(ARGV[9]), ARGV[i])
end
return close_repair(kept, tally(answers), true)
