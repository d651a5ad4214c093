-- @include keys
-- @include reading
-- Positions of waiting jobs in their own list, the group's or that of the ungrouped: counted from 0, exact among the
-- first 1,000; 1000 means further back, false that the list does not hold the job.
local COUNTED, ENOUGH = 1000, 14
local asked, heads = {}, {}

-- A miss walks 1,000 entries, so after a few questions about one list its head is fetched once.
local function position(id, gid)
  local list = gid == "" and key("wait") or group_key(gid, "wait")
  asked[list] = (asked[list] or 0) + 1
  if asked[list] > ENOUGH and not heads[list] then
    local head = {}
    for at, held in ipairs(try("LRANGE", list, 0, COUNTED - 1) or {}) do head[held] = head[held] or at - 1 end
    heads[list] = head
  end
  local at
  if heads[list] then at = heads[list][id] else at = try("LPOS", list, id, "MAXLEN", COUNTED) end
  if at then return at end
  return (try("LLEN", list) or 0) > COUNTED and COUNTED
end
