-- @include keys
-- @include numbers
-- Takes ids out of a list that may be very long. A plain LREM walks the whole list for each id; here the index says
-- about where an id stands, its place is looked at through a window, and one LREM takes all that were found.
local SHORT, HALF, RUN, PATIENCE, FEW, STRIDE = 512, 32, 8, 4, 12, 1000

-- Whether id stands in a window of the list. Notes the places of all that are wanted and stand there: a page of a lane
-- is found by one look.
local function look(list, first, last, id, wanted, at)
  if first < 0 then first = 0 end
  if last < first then return false end
  for i, held in ipairs(redis.call("LRANGE", list, first, last)) do
    if wanted[held] and not at[held] then at[held] = first + i - 1 end
  end
  return at[id] ~= nil
end

-- The place where a score would stand. newest_first says which way the list is sorted.
local function seek(list, idx, length, score, newest_first)
  local low, high = 0, length - 1
  while high - low > HALF do
    local middle = math.floor((low + high) / 2)
    local held, probe = nil, middle
    while not held and probe <= high and probe < middle + 8 do
      held = redis.call("ZSCORE", idx, redis.call("LINDEX", list, probe))
      probe = probe + 1
    end
    if not held then return middle end
    held = tonumber(held)
    if held == score then return middle end
    if (held > score) == newest_first then low = middle + 1 else high = middle end
  end
  return math.floor((low + high) / 2)
end

local function find(list, idx, length, id, newest_first, run, wanted, at)
  local score = redis.call("ZSCORE", idx, id)
  if not score then return false end
  if redis.call("ZCARD", idx) == length then
    local rank = redis.call(newest_first and "ZREVRANK" or "ZRANK", idx, id)
    if look(list, rank - HALF, rank + HALF, id, wanted, at) then return true end
  end
  local around = seek(list, idx, length, tonumber(score), newest_first)
  local seen = look(list, around - HALF, around + HALF, id, wanted, at)
  local step = 1
  -- Jobs that entered in the same millisecond stand in no order the index knows.
  while not seen and step <= run do
    local far, width = HALF + (step - 1) * 256, 256
    seen = look(list, around + far + 1, around + far + width, id, wanted, at)
      or look(list, around - far - width, around - far - 1, id, wanted, at)
    step = step + 1
  end
  return seen
end

-- One walk through the list for many ids costs less than an LREM for each.
local function walk(list, length, ids, every, found, places)
  local wanted, left = {}, #ids
  for _, id in ipairs(ids) do wanted[id] = true end
  for first = 0, length - 1, STRIDE do
    for i, held in ipairs(redis.call("LRANGE", list, first, first + STRIDE - 1)) do
      if wanted[held] and (every or not found[held]) then
        places[#places + 1] = first + i - 1
        if not found[held] then left = left - 1 end
        found[held] = true
      end
    end
    if left == 0 and not every then return end
  end
end

-- Takes each of ids (no id twice) out of the list, its first entry or every one; returns the set of those found.
local function take(list, idx, ids, newest_first, nonce, every)
  local found, places, missed = {}, {}, ids
  local length = redis.call("LLEN", list)
  -- An index of another size than its list says that entries may stand twice, so places alone are not enough.
  if length > SHORT and not (every and redis.call("ZCARD", idx) ~= length) then
    missed = {}
    local wanted, at = {}, {}
    for _, id in ipairs(ids) do wanted[id] = true end
    for _, id in ipairs(ids) do
      -- A list that is in no order of its index is not searched wide for each id: it is walked once.
      local run = #missed < PATIENCE and RUN or 0
      if at[id] or find(list, idx, length, id, newest_first, run, wanted, at) then
        places[#places + 1], found[id] = at[id], true
      else
        missed[#missed + 1] = id
      end
    end
  end
  if length > SHORT and #missed > FEW then
    walk(list, length, missed, every, found, places)
    missed = {}
  end
  if #places > 0 then
    local low, high = length, -1
    for _, at in ipairs(places) do
      redis.call("LSET", list, at, nonce)
      if at < low then low = at end
      if at > high then high = at end
    end
    redis.call("LREM", list, high < length - low and #places or -#places, nonce)
  end
  for _, id in ipairs(missed) do
    if redis.call("LREM", list, every and 0 or 1, id) > 0 then found[id] = true end
  end
  return found
end
