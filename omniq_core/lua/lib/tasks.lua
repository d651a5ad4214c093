-- @include keys
-- @include own
-- A bulk task stands in its queue's slot, so that a batch and what is said about it are one step. It is kept for 7 days
-- after the last thing that happened to it.
local KEPT_MS = 604800000

local function task_key(task) return key("x:task:" .. task) end
local function probe_key(task) return task_key(task) .. ":probe" end

local function keep_task(task)
  redis.call("PEXPIRE", task_key(task), KEPT_MS)
  redis.call("PEXPIRE", probe_key(task), KEPT_MS)
end

local function claim_until(ms, now) return string.format("%.0f", server_ms(now) + tonumber(ms)) end

-- It is over, or waits for a person: nobody need hold it.
local function end_task(task, state, now)
  redis.call("HSET", task_key(task), "state", state, "ended_ms", now, "owner_until", "0")
end
