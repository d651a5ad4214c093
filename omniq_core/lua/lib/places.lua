-- @include keys
-- @include reading
-- Places in a lane, counted from 0 at the job that entered first. With an index they are its ranks; a lane that an old
-- SDK filled has none, so its list or its own sorted set is counted. With `own` the lane's own scores give the order.
-- `broken` is the part of the lane that has another type than it should: its own key, or its index.
local LISTS = {wait = true, failed = true, completed = true}

local function open_lane(lane, own)
  local view = {name = lane, is_list = LISTS[lane], zset = key("idx:" .. lane)}
  local held, known = try(view.is_list and "LLEN" or "ZCARD", key(lane)), try("ZCARD", view.zset)
  view.broken = not held and lane or not known and "idx:" .. lane or false
  held = held or 0
  if own and not view.is_list then
    view.zset, view.indexed, view.total = key(lane), true, held
    return view
  end
  view.total = known or 0
  view.indexed = view.total >= held
  if not view.indexed then view.total, view.zset = held, not view.is_list and key(lane) or nil end
  return view
end

-- {id, score} of each place from low to high, oldest first; the score of a list without index is its place.
local function between(view, low, high)
  local found = {}
  if high < low then return found end
  if view.zset then
    local flat = redis.call("ZRANGE", view.zset, low, high, "WITHSCORES")
    for i = 1, #flat, 2 do found[#found + 1] = {flat[i], view.indexed and flat[i + 1] or "@" .. (low + #found)} end
    return found
  end
  local turned = view.name ~= "wait"
  local first, last = low, high
  if turned then first, last = view.total - 1 - high, view.total - 1 - low end
  local ids = redis.call("LRANGE", key(view.name), first, last)
  for i = 1, #ids do found[i] = {ids[turned and #ids + 1 - i or i], "@" .. string.format("%.0f", low + i - 1)} end
  return found
end

-- By bytes, as sorted sets order their members; `<` on strings would follow the server's locale.
local function byte_less(a, b)
  local at, step = 1, 256
  while at <= #a and at <= #b and string.sub(a, at, at + step - 1) == string.sub(b, at, at + step - 1) do at = at + step end
  for i = at, at + step - 1 do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return y ~= nil and (x == nil or x < y) end
    if not x then return false end
  end
  return false
end

-- How many stand before (score, id), and whether it stands there itself.
local function place_of(view, score, id, digest)
  if string.sub(score, 1, 1) == "@" then
    local at = tonumber(string.sub(score, 2))
    return at, at < view.total
  end
  if not view.zset or view.total == 0 then return view.total, false end
  local wanted = tonumber(score)
  if digest == "" then
    local have = redis.call("ZSCORE", view.zset, id)
    if have and tonumber(have) == wanted then return redis.call("ZRANK", view.zset, id), true end
  end
  local low, high = redis.call("ZCOUNT", view.zset, "-inf", "(" .. score), redis.call("ZCOUNT", view.zset, "-inf", score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if byte_less(redis.call("ZRANGE", view.zset, middle, middle)[1], id) then low = middle + 1 else high = middle end
  end
  if digest ~= "" then
    for at, member in ipairs(redis.call("ZRANGE", view.zset, low, low + 63)) do
      if redis.sha1hex(member) == digest then return low + at - 1, true end
    end
  end
  return low, false
end

-- The lowest and the highest place of a page: at an end (kind ""), strictly lower than a cursor's place or with it (o, O),
-- or higher (n, N). `find(...)` says how many stand before that, and whether it stands there itself.
local function page_places(kind, size, total, highest_first, find, ...)
  local low, high
  if kind == "" then
    if highest_first then low, high = total - size, total - 1 else low, high = 0, size - 1 end
  else
    local before, held = find(...)
    if kind == "o" or kind == "O" then
      high = kind == "O" and held and before or before - 1
      low = high - size + 1
    else
      low = kind == "n" and held and before + 1 or before
      high = low + size - 1
    end
  end
  return math.max(low, 0), math.min(high, total - 1)
end

-- A place as a cursor keeps it: score, id, "", or of a long id its first bytes and its digest.
local function cut_place(member, at)
  if #member <= 512 then return {at, member, ""} end
  return {at, string.sub(member, 1, 256), redis.sha1hex(member)}
end
