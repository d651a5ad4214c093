-- What a page that is open asks of its lane again and again: what came since, and how rows fare that it no longer lists.
-- KEYS[1] anchor
-- ARGV now, lane, mark (score of the newest job when the page was drawn, "" for none), id, ... (at most 20)
-- Returns {score of the newest job or false, how many entered after the mark, a row per id}; changes nothing.
-- @include keys
-- @include reading
-- @include places
-- @include rows
local lane, mark = ARGV[2], ARGV[3]
local view = open_lane(lane)
local newest, newer = false, 0
if view.zset and view.indexed then
  newest = (try("ZREVRANGE", view.zset, 0, 0, "WITHSCORES") or {})[2] or false
  if mark ~= "" then newer = try("ZCOUNT", view.zset, "(" .. mark, "+inf") or 0 end
end
local rows = {}
for i = 4, #ARGV do
  local entered = view.zset and try("ZSCORE", view.zset, ARGV[i])
  rows[#rows + 1] = row(lane, ARGV[i], view.indexed and entered or "@")
end
return {newest, newer, rows}
