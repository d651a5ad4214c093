-- The jobs of one group that workers hold, those leased first coming first. Changes nothing.
-- KEYS[1] anchor
-- ARGV gid, ids wanted at most
-- Returns the ids; false where over 2,000 jobs of the queue run, which nobody looks through.
-- @include keys
-- @include reading
local MOST_ACTIVE, LONGEST_ID = 2000, 1024
local gid, most, found = ARGV[1], tonumber(ARGV[2]), {}
if (try("ZCARD", key("active")) or MOST_ACTIVE + 1) > MOST_ACTIVE then return false end
for _, id in ipairs(redis.call("ZRANGE", key("active"), 0, -1)) do
  if #id <= LONGEST_ID and try("HSTRLEN", job_key(id), "gid") == #gid and try("HGET", job_key(id), "gid") == gid then
    found[#found + 1] = id
    if #found >= most then break end
  end
end
return found
