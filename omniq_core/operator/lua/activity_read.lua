-- Some entries of the record of what operators did.
-- KEYS[1] {omniq:x}:meta
-- ARGV older or newer, than which id ("": from the end, from the beginning), how many at most
-- Returns {the id of the newest entry of all or "", then of each entry its id and its text}, those nearest to that id first.
-- @include keys
local name = key("activity")
if redis.call("TYPE", name).ok ~= "stream" then return { "" } end
local last = redis.call("XREVRANGE", name, "+", "-", "COUNT", 1)
local from, found = ARGV[2], nil
if ARGV[1] == "older" then
  found = redis.call("XREVRANGE", name, from == "" and "+" or "(" .. from, "-", "COUNT", ARGV[3])
else
  found = redis.call("XRANGE", name, from == "" and "-" or "(" .. from, "+", "COUNT", ARGV[3])
end
local answer = { last[1] and last[1][1] or "" }
for _, entry in ipairs(found) do
  answer[#answer + 1] = entry[1]
  answer[#answer + 1] = entry[2][2]
end
return answer
