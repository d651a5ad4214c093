-- A piece of a sorted set of jobs, with the ids that are not plainly sound there. What stands in it all the while is met.
-- KEYS[1] anchor
-- ARGV set (active, delayed or an index), cursor, about how many
-- Returns {next cursor, ids, places of the odd ones among them from 1: in an index those that are not in its sorted set}.
-- @include sifting
local fault = judging_fault()
if fault then return fault end
local lane = string.match(ARGV[1], "^idx:(.*)$")
local page = redis.call("ZSCAN", key(ARGV[1]), ARGV[2], "COUNT", ARGV[3])
local ids, odd = {}, {}
for i = 1, #page[2], 2 do ids[#ids + 1] = page[2][i] end
if not lane then
  odd = sift(ARGV[1], ids)
elseif (lane == "active" or lane == "delayed") and #ids > 0 then
  for i, score in ipairs(redis.call("ZMSCORE", key(lane), unpack(ids))) do
    if not score then odd[#odd + 1] = i end
  end
end
return { page[1], ids, odd }
