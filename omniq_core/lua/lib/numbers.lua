-- Numbers out of Redis. What is none (abc, missing, inf) counts as the default; 1e+14 is one.
local function int(value, default)
  local n = tonumber(value)
  if not n or n ~= n or n >= 1e15 or n <= -1e15 then return default end
  return math.floor(n)
end

-- Lua prints large numbers in scientific notation; Redis must never see that.
local function text(n) return string.format("%.0f", n) end
