-- @include reading
-- The child counter that a job's payload of up to 16 KB names at `path` (keys joined by dots), or nil; then how long the
-- payload is. A text that does not hold the last key is not parsed, unless it has escapes that may spell it.
local LARGEST_NAMING, LONGEST_NAME = 16384, 1024

local function named_counter(job, path)
  local raw, size = field_up_to(job, "payload", LARGEST_NAMING)
  if not raw then return nil, size end
  if not string.find(raw, string.match(path, "[^.]*$"), 1, true) and not string.find(raw, "\\u", 1, true) then
    return nil, size
  end
  local read, node = pcall(cjson.decode, raw)
  for part in string.gmatch(path, "[^.]+") do
    if not read or type(node) ~= "table" then return nil, size end
    node = node[part]
  end
  if read and type(node) == "string" and #node <= LONGEST_NAME then return node, size end
  return nil, size
end
