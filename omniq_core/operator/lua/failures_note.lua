-- Writes down of which kind failed jobs are, and how far the lane was read: both or nothing.
-- KEYS[1] anchor
-- ARGV version of the rules, now, cursor that was read: score, id, cursor from now on: score, id,
--   the whole lane was read (1/0), number of texts, then digest, text of each, then digest, score, id of each job
-- Returns 1, or 0 when another process went on from that cursor meanwhile: then nothing was changed.
-- @include kinds
local state = ours(fp_key("state"), "hash")
local kinds, texts = ours(fp_key("kinds"), "zset"), ours(fp_key("texts"), "hash")
local kept = redis.call("HMGET", state, "score", "id")
if (kept[1] or "") ~= ARGV[3] or (kept[2] or "") ~= ARGV[4] then return 0 end
local left = redis.call("PTTL", state)
if left < 0 then left = LIVES_MS end

local text_of, at = {}, 9
for _ = 1, tonumber(ARGV[8]) do
  text_of[ARGV[at]] = ARGV[at + 1]
  at = at + 2
end

-- A kind whose jobs are all gone is kept for the moment when it was first seen, until its place is needed.
local searched = false
local function make_room()
  if searched then return false end
  searched = true
  for _, digest in ipairs(redis.call("ZRANGE", kinds, 0, -1)) do
    if redis.call("EXISTS", fp_key(digest)) == 0 then
      redis.call("ZREM", kinds, digest)
      redis.call("HDEL", texts, digest)
      searched = false
      return true
    end
  end
end

local first, name_of = {}, {}
local function kind_for(digest)
  if name_of[digest] then return digest end
  if digest ~= "other" and not redis.call("ZSCORE", kinds, digest) then
    if redis.call("ZCARD", kinds) >= MOST_KINDS and not make_room() then return kind_for("other") end
    redis.call("ZADD", kinds, "+inf", digest)
  end
  if text_of[digest] then redis.call("HSETNX", texts, digest, text_of[digest]) end
  name_of[digest] = ours(fp_key(digest), "zset")
  return digest
end

local others = redis.call("EXISTS", fp_key("other")) == 1 and ours(fp_key("other"), "zset")
for i = at, #ARGV, 3 do
  local score, id = ARGV[i + 1], ARGV[i + 2]
  if lane_score(id) == score then
    local digest = kind_for(ARGV[i])
    redis.call("ZADD", name_of[digest], score, id)
    -- One that is read again may find a place among the kinds that it did not find before.
    if digest ~= "other" and others then redis.call("ZREM", others, id) end
    local moment = tonumber(score)
    if not first[digest] or moment < first[digest][1] then first[digest] = {moment, score} end
  end
end
for digest, earliest in pairs(first) do
  redis.call("ZADD", kinds, "LT", earliest[2], digest)
  redis.call("PEXPIRE", name_of[digest], left)
end
redis.call("HSET", state, "score", ARGV[5], "id", ARGV[6], "at", ARGV[2])
if ARGV[7] == "1" then redis.call("HSET", state, "done", "1") end
for _, name in ipairs({state, kinds, texts}) do redis.call("PEXPIRE", name, left) end
return 1
