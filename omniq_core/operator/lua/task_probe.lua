-- How the jobs that a probe retried have ended so far. One that ended stays counted, whatever becomes of its record.
-- KEYS[1] anchor
-- ARGV task
-- Returns {jobs, ended well, failed again, ended but not kept}
-- @include tasks
local name = probe_key(ARGV[1])
local flat, counted = redis.call("HGETALL", name), { well = 0, again = 0, unkept = 0 }
for i = 1, #flat, 2 do
  local id, outcome = flat[i], flat[i + 1]
  if outcome == "" then
    local kept = job_fields(id, "x_task", "state")
    if kept[1] ~= ARGV[1] then
      outcome = "unkept" -- it completed and left the last 100, or was removed
    elseif kept[2] == "completed" then
      outcome = "well"
    elseif kept[2] == "failed" then
      outcome = "again"
    end
    if outcome ~= "" then redis.call("HSET", name, id, outcome) end
  end
  if outcome ~= "" then counted[outcome] = counted[outcome] + 1 end
end
keep_task(ARGV[1])
if redis.call("EXISTS", task_key(ARGV[1])) == 0 then return { 0, 0, 0, 0 } end
redis.call("HSET", task_key(ARGV[1]), "probe_well", counted.well, "probe_again", counted.again, "probe_unkept",
  counted.unkept)
return { #flat / 2, counted.well, counted.again, counted.unkept }
