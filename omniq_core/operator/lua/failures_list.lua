-- The kinds of errors in the failed lane, as far as they were read. Changes nothing.
-- KEYS[1] anchor
-- ARGV version of the rules
-- Returns {indexed, jobs in the lane, read up to this place, done, at, kinds: {digest, jobs, first seen, last seen}}.
-- @include kinds
local kept = try("HMGET", fp_key("state"), "done", "at", "score", "id") or {}
local view = open_lane("failed")
local read = 0
if kept[3] and view.indexed and not view.broken then
  local held
  read, held = place_of(view, kept[3], kept[4] or "", "")
  if held then read = read + 1 end
end
local found = {}
local flat = try("ZRANGE", fp_key("kinds"), 0, -1, "WITHSCORES") or {}
for i = 1, #flat, 2 do
  local jobs = try("ZCARD", fp_key(flat[i])) or 0
  if jobs > 0 then
    local last = try("ZRANGE", fp_key(flat[i]), -1, -1, "WITHSCORES") or {}
    found[#found + 1] = {flat[i], jobs, flat[i + 1], last[2] or false}
  end
end
return {view.indexed and 1 or 0, view.total, read, kept[1] or false, kept[2] or false, found}
