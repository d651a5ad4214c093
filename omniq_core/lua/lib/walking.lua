-- @include places
-- Through a lane from its oldest job up to a mark, a piece at a time. Where the index is whole, cursor and mark are
-- (score, id): jobs that come or go meanwhile move nothing. A lane that an old SDK filled is walked by places: then the
-- cursor is how many stay behind, and the mark how many there are to look at.
-- ARGV[4] "1" by places, [5] [6] cursor, [7] [8] mark, [9] how many jobs to take at most, [10] how many to look at
local function opened(lane, by_places)
  local view = open_lane(lane)
  if by_places == view.indexed then
    view.indexed = not by_places
    view.zset = view.indexed and key("idx:" .. lane) or (not view.is_list and key(lane)) or nil
    view.total = view.zset and redis.call("ZCARD", view.zset) or redis.call("LLEN", key(lane))
  end
  return view
end

-- The ids that `wanted` agrees to, and the step: where it began, where it ends, how many it looked at.
local function walk_lane(lane, wanted)
  local by_places = ARGV[4] == "1"
  local view = opened(lane, by_places)
  local step = { by_places = by_places, looked = 0, score = ARGV[5], id = ARGV[6], scores = {} }
  local low, stop = 0, 0
  if by_places then
    low, stop = tonumber(ARGV[5]), math.min(tonumber(ARGV[7]), view.total)
  else
    local found
    if ARGV[5] ~= "" then
      low, found = place_of(view, ARGV[5], ARGV[6], "")
      if found then low = low + 1 end
    end
    stop, found = place_of(view, ARGV[7], ARGV[8], "")
    if found then stop = stop + 1 end
  end
  local ids, most = {}, tonumber(ARGV[9])
  for _, entry in ipairs(between(view, low, math.min(low + tonumber(ARGV[10]), stop) - 1)) do
    if #ids == most then break end
    step.looked, step.id, step.score = step.looked + 1, entry[1], entry[2]
    if wanted(entry[1]) then ids[#ids + 1], step.scores[#ids + 1] = entry[1], entry[2] end
  end
  step.finished = low + step.looked >= stop
  return ids, step
end

-- What the client hands to the next piece, and what became of each id.
local function walked(step, ids, answers)
  local gone = 0
  for _, answer in ipairs(answers) do gone = gone + ((answer == "OK" or answer == "FINAL") and 1 or 0) end
  local mark = ARGV[7]
  if step.by_places then
    step.score, step.id = string.format("%.0f", tonumber(ARGV[5]) + step.looked - gone), ""
    mark = string.format("%.0f", tonumber(mark) - gone)
  end
  return { step.finished and 1 or 0, step.score, step.id, mark, ids, answers }
end
