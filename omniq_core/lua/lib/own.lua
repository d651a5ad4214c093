-- Keys of ours, which no other SDK knows.

-- What another type holds at a key of ours is rubbish.
local function ours(name, kind)
  local is = redis.call("TYPE", name).ok
  if is ~= kind and is ~= "none" then redis.call("DEL", name) end
  return name
end

-- Claims and expiries run by the server's clock: those of two processes may be apart. Who may not ask for it has only the
-- client's.
local function server_ms(now)
  local time = redis.pcall("TIME")
  return time.err and tonumber(now) or tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end
