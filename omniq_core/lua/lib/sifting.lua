-- @include judging
-- Which ids of a lane are not plainly sound there: the few that are looked at closely.
local function sift(list, ids)
  local odd, all, wanted = {}, {}, {}
  if #ids == 0 then return odd end
  local lane = lane_of(list)
  local gid = string.match(list, "^g:(.*):wait$") or ""
  for at, suffix in ipairs(SCORED) do
    all[at] = redis.call("ZMSCORE", key(suffix), unpack(ids))
    wanted[at] = suffix == lane or suffix == "idx:" .. lane
  end
  for i, id in ipairs(ids) do
    local kept = job_fields(id, "id", "state", "gid")
    local sound = kept[1] and kept[2] == lane and (lane ~= "wait" or (kept[3] or "") == gid)
    for at = 1, #SCORED do
      if (all[at][i] and true or false) ~= wanted[at] then sound = false end
    end
    if not sound then odd[#odd + 1] = i end
  end
  return odd
end
