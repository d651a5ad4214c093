-- One chunk of a walk along a lane for the jobs that pass a filter. It changes nothing.
-- KEYS[1] anchor
-- ARGV lane, own scores (1/0), highest first (1/0), cursor: score, id, digest ("" at the start), mark: the same ("" none),
--   work (about 2 µs each), matches wanted at most (0: only counted), what is told of a match: "" its id, "row" or
--   "facts", filter (lib/matching)
--   The walk goes on behind the cursor and takes nobody that entered the lane after the mark.
-- Returns {total of the lane, indexed, entries of the whole walk, left of them, looked at, sure matches, not searched,
--   cursor or false at the end, matches: {row, facts or {id, its length, score}, cursor, payload to be looked at or false}}.
-- @include keys
-- @include reading
-- @include places
-- @include rows
-- @include facts
-- @include matching
local BLOCK, MOST_SENT, LONGEST_ID = 64, 262144, 1024
local COST = {[""] = 1, row = 20, facts = 8}
local lane, own, downwards = ARGV[1], ARGV[2] == "1", ARGV[3] == "1"
local mark, work, limit, told = {ARGV[7], ARGV[8], ARGV[9]}, tonumber(ARGV[10]), tonumber(ARGV[11]), ARGV[12]
read_filter(13)
local view = open_lane(lane, own)
local apart = own and key("idx:" .. lane) -- the index, where the walk follows other scores
local marked = tonumber(mark[1]) -- nil without a mark, and for a place in a lane without index
local check_since, check_due = wanted.since > 0, wanted.due > 0

-- The places of the walk: from low to high, both included.
local low, high = 0, view.total - 1
if mark[1] ~= "" and not own then
  local before, held = place_of(view, mark[1], mark[2], mark[3])
  high = math.min(high, held and before or before - 1)
end
if check_since and view.indexed and not own then
  low, check_since = redis.call("ZCOUNT", view.zset, "-inf", "(" .. ARGV[13]), false
end
if check_due and own and lane == "delayed" then
  high, check_due = math.min(high, redis.call("ZCOUNT", view.zset, "-inf", ARGV[14]) - 1), false
end
local span = math.max(high - low + 1, 0)
if ARGV[4] ~= "" then
  local before, held = place_of(view, ARGV[4], ARGV[5], ARGV[6])
  if downwards then high = math.min(high, before - 1) else low = math.max(low, held and before + 1 or before) end
end

-- In another order than that of the index a job that came after the mark may stand anywhere.
local function after_mark(id, entered)
  local at = apart and marked and tonumber(entered)
  return at and (at > marked or (at == marked and byte_less(mark[2], id)))
end

local spent, sent, scanned, sure, large, last, hits = 0, 0, 0, 0, 0, nil, {}

local function look(id, score)
  local entered
  if apart and (check_since or marked) then entered = try("ZSCORE", apart, id) end
  if after_mark(id, entered) then return end
  local answer, cost, payload = verdict(id, check_since, entered, check_due)
  spent = spent + cost
  if answer == "large" then large = large + 1 end
  if answer == "yes" then sure = sure + 1 end
  if answer ~= "ask" and (answer ~= "yes" or limit == 0) then return end
  local shown = {string.sub(id, 1, LONGEST_ID), #id, score}
  if told == "row" and limit > 0 then shown = row(lane, id, own and "@" or score) end
  if told == "facts" then
    shown = facts(lane, id, own and (entered or "@") or score)
    sent = sent + (shown[7] or 0)
  end
  hits[#hits + 1] = {shown, cut_place(id, score), payload or false}
  spent, sent = spent + COST[told], sent + #id + #(payload or "")
end

while low <= high and spent < work and sent < MOST_SENT and (limit == 0 or #hits < limit) do
  local from, upto = low, math.min(high, low + BLOCK - 1)
  if downwards then from, upto = math.max(low, high - BLOCK + 1), high end
  local members = between(view, from, upto)
  if #members == 0 then break end
  for i = 1, #members do
    last = members[downwards and #members + 1 - i or i]
    scanned, spent = scanned + 1, spent + 0.25
    if downwards then high = high - 1 else low = low + 1 end
    look(last[1], last[2])
    if spent >= work or sent >= MOST_SENT or (limit > 0 and #hits >= limit) then break end
  end
end

return {view.total, view.indexed and 1 or 0, span, math.max(high - low + 1, 0), scanned, sure, large,
  last and low <= high and cut_place(last[1], last[2]) or false, hits}
