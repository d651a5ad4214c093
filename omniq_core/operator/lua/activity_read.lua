-- Some entries of the record of what operators did, out of all its rooms in one order.
-- KEYS[1] {omniq:x}:meta
-- ARGV older or newer, than which id ("": from the end, from the beginning), how many at most, the names of the rooms
-- Returns {the id of the newest entry of all or "", then of each entry its id and its text}, those nearest to that id first.
-- @include keys
-- @include rooms
local older, from, most = ARGV[1] == "older", ARGV[2], tonumber(ARGV[3])
local AT_ONCE = 100

-- Goes to the next entry of a room, read in parts: `entry` is nil at the end.
local function step(room)
  room.at = room.at + 1
  if room.at > #room.found and room.more then
    local count, after = math.min(AT_ONCE, most), room.id == "" and "" or "(" .. room.id
    if older then
      room.found = redis.call("XREVRANGE", room.name, after == "" and "+" or after, "-", "COUNT", count)
    else
      room.found = redis.call("XRANGE", room.name, after == "" and "-" or after, "+", "COUNT", count)
    end
    room.at, room.more = 1, #room.found == count
  end
  room.entry = room.found[room.at]
  room.id = room.entry and room.entry[1]
end

local rooms, answer, size = {}, { newest(4) or "" }, 1
for n = 4, #ARGV do
  local room = { name = key(ARGV[n]), id = from, found = {}, at = 0, more = true }
  if is_stream(room.name) then
    step(room)
    rooms[#rooms + 1] = room
  end
end
for _ = 1, most do
  local best = nil
  for _, room in ipairs(rooms) do
    if room.id and (not best or is_later(room.id, best.id) == older) then best = room end
  end
  if not best then break end
  answer[size + 1], answer[size + 2], size = best.id, best.entry[2][2], size + 2
  step(best)
end
return answer
