-- Which groups a queue has: those the background has seen, and those that can be told from jobs and workers now.
-- KEYS[1] anchor
-- ARGV groups wanted at most, "1" where the figures of all, if the background keeps them, stand for the list
-- Returns {figures or false, seen last first, ready, of jobs that run, of the jobs that wait longest}; changes nothing.
-- @include keys
-- @include reading
local SHOWN, LOOKED = 1000, 200
local function gids_of(lane, low, high)
  local found = {}
  for _, id in ipairs(try("ZRANGE", key("idx:" .. lane), low, high) or {}) do
    local gid = field_up_to(job_key(id), "gid", 1024)
    if gid then found[#found + 1] = gid end
  end
  return found
end

local figures = ARGV[2] == "1" and try("GET", key("x:groups:now"))
return {
  figures or false,
  not figures and try("ZREVRANGE", key("x:groups"), 0, ARGV[1] - 1) or {},
  try("ZRANGE", key("groups:ready"), 0, SHOWN - 1) or {},
  gids_of("active", -LOOKED, -1), gids_of("wait", 0, LOOKED - 1),
}
