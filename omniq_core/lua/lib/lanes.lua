-- @include keys
-- @include counters
-- @include groups
-- Into a lane, with its index and its counters. now is the text of the client's clock.
local function enqueue(id, gid, now)
  if gid ~= "" then
    redis.call("RPUSH", group_key(gid, "wait"), id)
    count("group_waiting", 1)
  else
    redis.call("RPUSH", key("wait"), id)
    count("waiting", 1)
  end
  count("waiting_total", 1)
  redis.call("ZADD", key("idx:wait"), now, id)
  if gid ~= "" then ready_if_due(gid, now) end
end

-- The same for the ids of each group ("" is none) and their scores in the index; the caller makes the groups ready.
local function enqueue_many(lists, entered)
  for gid, ids in pairs(lists) do
    redis.call("RPUSH", gid == "" and key("wait") or group_key(gid, "wait"), unpack(ids))
    count(gid == "" and "waiting" or "group_waiting", #ids)
    count("waiting_total", #ids)
  end
  if #entered > 0 then redis.call("ZADD", key("idx:wait"), unpack(entered)) end
end

local function delay(id, due, now)
  redis.call("ZADD", key("delayed"), due, id)
  redis.call("ZADD", key("idx:delayed"), now, id)
  count("delayed", 1)
end

local function leave_delayed(id)
  redis.call("ZREM", key("delayed"), id)
  redis.call("ZREM", key("idx:delayed"), id)
  count("delayed", -1)
end
