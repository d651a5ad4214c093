-- Where a lane ends now, so that what comes later can be told from what is there.
-- KEYS[1] anchor
-- ARGV lane (wait delayed failed completed)
-- Returns {"0", score, id of the last by the index}, {"1", how many, ""} for a lane without a whole index, {} if empty.
-- @include places
local view = open_lane(ARGV[1])
if view.total == 0 then return {} end
if not view.indexed then return { "1", string.format("%.0f", view.total), "" } end
local last = redis.call("ZRANGE", view.zset, -1, -1, "WITHSCORES")
return { "0", last[2], last[1] }
