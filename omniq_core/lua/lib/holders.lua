-- @include keys
-- @include reading
-- The jobs that workers hold now, those whose leases end first coming first; nil where so many run that a walk through
-- them would hold Redis too long.
local function active_ids(most)
  if (try("ZCARD", key("active")) or most + 1) > most then return nil end
  return redis.call("ZRANGE", key("active"), 0, -1)
end

-- How many of each group they are, counted from the jobs themselves: what a group's count should be.
local function jobs_held(most)
  local ids, held = active_ids(most or 1000), {}
  if not ids then return nil end
  for _, id in ipairs(ids) do
    local gid = try("HGET", job_key(id), "gid")
    if gid and gid ~= "" then held[gid] = (held[gid] or 0) + 1 end
  end
  return held
end
