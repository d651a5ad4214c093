-- @include keys
-- @include reading
-- How many jobs of each group workers hold now, counted from the jobs themselves: what a group's count should be. nil where
-- so many jobs run that counting them would hold Redis too long.
local MOST_ACTIVE = 1000

local function jobs_held()
  if (try("ZCARD", key("active")) or MOST_ACTIVE + 1) > MOST_ACTIVE then return nil end
  local held = {}
  for _, id in ipairs(redis.call("ZRANGE", key("active"), 0, -1)) do
    local gid = try("HGET", job_key(id), "gid")
    if gid and gid ~= "" then held[gid] = (held[gid] or 0) + 1 end
  end
  return held
end
