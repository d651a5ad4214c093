-- Where a lane ends now, and how many jobs stand up to there, at the same moment.
-- KEYS[1] anchor
-- ARGV lane (wait delayed failed completed)
-- Returns {jobs, score, id of the last by the index}, or {jobs} for an empty lane and one without a whole index.
-- @include keys
-- @include reading
-- @include places
local view = open_lane(ARGV[1])
if view.total == 0 or not view.indexed then return { view.total } end
local last = redis.call("ZRANGE", view.zset, -1, -1, "WITHSCORES")
return { view.total, last[2], last[1] }
