-- @include keys
-- @include reading
-- Where chosen ids stand in lists that workers shorten and lengthen: each place was read a moment ago, so it is looked
-- for around there. All entries of a list have moved by about as much, so the first that is found tells of the others.
local NEAR, FIRST_STEP, MOST_READ = 32, 256, 20000

-- ARGV from `first` on, per job: id, digest, how many entries in lists, then of each its list and place (negative: from
-- the tail). Returns {id, print, entries = what was found}, each id once: `again` of one that is named once more.
local function read_asked(first)
  local asked, seen, i = {}, {}, first
  while i < #ARGV do
    local one = { id = ARGV[i], print = ARGV[i + 1], hints = {}, entries = {}, again = seen[ARGV[i]] }
    seen[one.id] = true
    local many = tonumber(ARGV[i + 2])
    for n = 1, many do one.hints[n] = { list = ARGV[i + 1 + 2 * n], place = tonumber(ARGV[i + 2 + 2 * n]) } end
    i = i + 3 + 2 * many
    asked[#asked + 1] = one
  end
  return asked
end

local reads = 0

-- Notes every wanted id in a window of the list. Returns how far from `hint` an entry of `id` is, if one is new here.
local function look_around(list, length, first, last, wanted, found, id, hint)
  first, last = math.max(first, 0), math.min(last, length - 1)
  if last < first then return nil end
  reads = reads + last - first + 1
  local off
  for n, held in ipairs(redis.call("LRANGE", key(list), first, last)) do
    local at = first + n - 1
    if wanted[held] and not found[at] then
      found[at] = held
      wanted[held] = wanted[held] + 1
      if held == id and (not off or math.abs(at - hint) < math.abs(off)) then off = at - hint end
    end
  end
  return off
end

-- The places of all hinted entries of one list. One that is not near its place is looked for further and further away.
local function find_in(list, hints)
  local length, wanted, found, shift = try("LLEN", key(list)) or 0, {}, {}, 0
  for _, hint in ipairs(hints) do
    wanted[hint.id] = 0
    if hint.place < 0 then hint.place = length + hint.place end
  end
  table.sort(hints, function(a, b) return a.place < b.place end)
  local turn = {}
  for _, hint in ipairs(hints) do
    local id, at = hint.id, hint.place + shift
    turn[id] = (turn[id] or 0) + 1
    local off = nil
    if wanted[id] < turn[id] then off = look_around(list, length, at - NEAR, at + NEAR, wanted, found, id, at) end
    local near, step = NEAR, FIRST_STEP
    while not off and wanted[id] < turn[id] and reads < MOST_READ and (at + near < length or at - near > 0) do
      local above = look_around(list, length, at + near + 1, at + near + step, wanted, found, id, at)
      off = look_around(list, length, at - near - step, at - near - 1, wanted, found, id, at) or above
      near, step = near + step, step * 2
    end
    if off then shift = shift + off end
  end
  return found
end

-- Fills the entries of all that were asked for, each list from its head on. `missing` is said of one of which fewer
-- entries were found in a list than were read there.
local function find_entries(asked)
  local lists, names, by_id = {}, {}, {}
  for _, one in ipairs(asked) do
    by_id[one.id] = by_id[one.id] or one
    if not one.again then
      for _, hint in ipairs(one.hints) do
        if not lists[hint.list] then lists[hint.list], names[#names + 1] = {}, hint.list end
        local hints = lists[hint.list]
        hints[#hints + 1] = { id = one.id, place = hint.place }
        one.wants = one.wants or {}
        one.wants[hint.list] = (one.wants[hint.list] or 0) + 1
      end
    end
  end
  for _, list in ipairs(names) do
    local places, found = {}, find_in(list, lists[list])
    for at in pairs(found) do places[#places + 1] = at end
    table.sort(places)
    for _, at in ipairs(places) do
      local one = by_id[found[at]]
      one.entries[#one.entries + 1] = { list = list, at = at }
      if one.wants[list] then one.wants[list] = one.wants[list] - 1 end
    end
  end
  for _, one in ipairs(asked) do
    for _, wants in pairs(one.wants or {}) do one.missing = one.missing or wants > 0 end
  end
end
