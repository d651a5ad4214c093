-- One page of the jobs that wait in a group, in the order of its list: the first runs next. Changes nothing.
-- KEYS[1] anchor
-- ARGV gid, rows wanted, last first (1/0), cursor as in operator/lane_page: kind, score, id, digest of a long id
-- Returns what operator/lane_page does; the score of a job without index is "@" and its place.
-- @include places
-- @include rows
local LONG = 256
local list, idx, size, last_first = group_key(ARGV[1], "wait"), key("idx:wait"), tonumber(ARGV[2]), ARGV[3] == "1"
local kind, score, id, digest = ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local total = try("LLEN", list)
local broken = not total
total = total or 0

local function entered(member) return try("ZSCORE", idx, member) end

-- The list is in the order of the index, as far as clocks were: about where, by search; exactly where, by a look around.
local function place()
  if string.sub(score, 1, 1) == "@" then return tonumber(string.sub(score, 2)), true end
  local wanted, low, high = tonumber(score), 0, total
  while low < high do
    local middle = math.floor((low + high) / 2)
    if (tonumber(entered(redis.call("LINDEX", list, middle))) or 0) < wanted then low = middle + 1 else high = middle end
  end
  local from = math.max(low - LONG, 0)
  for at, member in ipairs(redis.call("LRANGE", list, from, low + LONG)) do
    if digest == "" and member == id or digest ~= "" and redis.sha1hex(member) == digest then return from + at - 1, true end
  end
  return low, false
end

local low, high = page_places(kind, size, total, last_first, place)

local rows, scores = {}, {}
local members = high >= low and redis.call("LRANGE", list, low, high) or {}
for i, member in ipairs(members) do
  scores[i] = entered(member) or "@" .. string.format("%.0f", low + i - 1)
  rows[i] = row("wait", member, scores[i])
end
local function cursor(i) return members[i] and cut_place(members[i], scores[i]) or false end
return {total, 1, low, last_first and 1 or 0, rows, cursor(1), cursor(#members),
  broken and {"g:" .. ARGV[1] .. ":wait", redis.call("TYPE", list).ok} or false}
