-- What the queue's own repairs would change, as it is now.
-- KEYS[1] anchor
-- ARGV now
-- Returns {stats are there (1/0), {{counter, stored or false, found}, ...}, {{lane, jobs, of these in the index}, ...}, leases
-- that ran out}; an error when a key has the wrong type. Changes nothing.
-- @include recounting
-- @include own
local fault = counters_fault()
if fault then return fault end
local found, counters, lanes = counters_now(), {}, {}
for _, name in ipairs(COUNTERS) do
  counters[#counters + 1] = { name, redis.call("HGET", key("stats"), name), found[name] }
end
local LENGTHS = { wait = "waiting_total", active = "active", delayed = "delayed", failed = "failed", completed = "completed_kept" }
for lane, counter in pairs(LENGTHS) do
  lanes[#lanes + 1] = { lane, found[counter], try("ZCARD", key("idx:" .. lane)) or 0 }
end
local now = text(math.min(tonumber(ARGV[1]), server_ms(ARGV[1])))
return { redis.call("EXISTS", key("stats")), counters, lanes, redis.call("ZCOUNT", key("active"), "-inf", now) }
