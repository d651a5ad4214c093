-- The jobs of one group that workers hold, those whose leases end first coming first. Changes nothing.
-- KEYS[1] anchor
-- ARGV gid, ids wanted at most
-- Returns the ids; false where over 2,000 jobs of the queue run, which nobody looks through.
-- @include holders
local LONGEST_ID = 1024
local gid, most, ids, found = ARGV[1], tonumber(ARGV[2]), active_ids(2000), {}
if not ids then return false end
for _, id in ipairs(ids) do
  if #id <= LONGEST_ID and try("HSTRLEN", job_key(id), "gid") == #gid and try("HGET", job_key(id), "gid") == gid then
    found[#found + 1] = id
    if #found >= most then break end
  end
end
return found
