-- What a repair has touched is put right at its end: the counts of groups, their place among the ready ones, the counters.
-- KEYS[1] anchor
-- ARGV as lib/repairing has it, [9] how many groups at most
-- Returns what a batch of a task does.
-- @include repairing
-- @include groups
-- @include holders
-- @include recounting
local kept, refusal = open_repair()
if not kept then return refusal end
local fault = counters_fault()
if fault then return fault end
local touched = touched_key(ARGV[3])
local gids = redis.call("SRANDMEMBER", touched, ARGV[9])
local held = #gids > 0 and jobs_held(4000)
for _, gid in ipairs(gids) do
  if not wrong_group(gid) then
    if held then redis.call("SET", group_key(gid, "inflight"), text(held[gid] or 0)) end
    settle_ready(gid, ARGV[1])
  end
end
if #gids > 0 then redis.call("SREM", touched, unpack(gids)) end
local finished = redis.call("SCARD", touched) == 0
if finished then
  for name, found in pairs(counters_now()) do recount(name, found) end
end
return close_repair(kept, {}, finished, not finished)
