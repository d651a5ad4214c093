-- @include keys
-- @include reading
-- @include excerpts
-- Whether a job passes a filter (operator/filters.py). The filter stands in ARGV from `first` on: since, due by, prefix,
-- group, error contains (lower case), value in the payload (lower case), whether the error is to be of that type rather
-- than to contain it (1/0), keys of the payload's path ...
local LONGEST = 65536
local ENTRY, READ, DECODED, STEPS = 1, 1000, 100, 5 -- what an entry costs; how many bytes and steps cost as much
local MOST_STEPS = 2000 -- of a walk through one payload
local wanted = {}

local function read_filter(first)
  local parts = {unpack(ARGV, first + 7)}
  wanted = {since = tonumber(ARGV[first]), due = tonumber(ARGV[first + 1]), prefix = ARGV[first + 2],
    gid = ARGV[first + 3], error = ARGV[first + 4], value = ARGV[first + 5], by_type = ARGV[first + 6] == "1", parts = parts, keys = {}}
  -- keys[i][j] is a key with dots in it that stands for parts i to j at once.
  for i = 1, #parts do
    wanted.keys[i] = {}
    for j = i, #parts do wanted.keys[i][j] = table.concat(parts, ".", i, j) end
  end
  -- Doubles that differ stand for numbers that differ; those that are equal may stand for several.
  wanted.number = tonumber(wanted.value)
end

local doubt, steps

local function same(node)
  local kind = type(node)
  if kind == "string" then return string.find(string.lower(node), wanted.value, 1, true) ~= nil end
  if kind == "boolean" then return tostring(node) == wanted.value end
  if kind == "number" then doubt = doubt or node == wanted.number or node ~= node end
  return node == cjson.null and wanted.value == "null"
end

local function inside(node, at)
  steps = steps + 1
  if steps > MOST_STEPS then
    doubt = true
    return false
  end
  if at > #wanted.parts and wanted.value == "" then return true end
  if type(node) ~= "table" then return at > #wanted.parts and same(node) end
  if node[1] ~= nil then
    for i = 1, #node do if inside(node[i], at) then return true end end
  end
  for upto = at, #wanted.parts do
    local child = node[wanted.keys[at][upto]]
    if child ~= nil and inside(child, upto + 1) then return true end
  end
  return false
end

-- true, false, or nil where only the text can tell; and what it cost.
local function payload_holds(raw)
  local parts, cost = wanted.parts, #raw / READ
  -- A text without escapes holds key and value as they are.
  if not string.find(raw, "\\", 1, true) then
    if not string.find(raw, parts[#parts] .. '"', 1, true) then return false, cost end
    if wanted.value ~= "" and not wanted.number and not string.find(string.lower(raw), wanted.value, 1, true) then
      return false, cost
    end
  end
  cost = cost + #raw / DECODED
  local read, tree = pcall(cjson.decode, raw)
  if not read then return nil, cost end
  doubt, steps = false, 0
  local found = inside(tree, 1) or (parts[1] == "payload" and #parts > 1 and inside(tree, 2))
  cost = cost + steps / STEPS
  if not found and doubt then return nil, cost end
  return found, cost
end

local function entered_since(id, entered)
  return (tonumber(entered) or tonumber(short_field(job_key(id), "updated_ms")) or 0) >= wanted.since
end

local function says_it(text)
  if wanted.by_type then return is_of_type(text, wanted.error) end
  return string.find(string.lower(text), wanted.error, 1, true) ~= nil
end

-- "yes", "no", "large" (a text over 64 KB was not searched) or "ask" with the payload; and what it cost.
-- entered: the score of the index, nil when there is none or when the walk keeps within since by itself.
local function verdict(id, check_since, entered, check_due)
  if string.sub(id, 1, #wanted.prefix) ~= wanted.prefix then return "no", ENTRY / 4 end
  if check_since and not entered_since(id, entered) then return "no", ENTRY end
  if check_due and (tonumber(try("ZSCORE", key("delayed"), id)) or math.huge) > wanted.due then return "no", ENTRY end
  local job, cost = job_key(id), ENTRY
  if wanted.gid ~= "" then
    local size = try("HSTRLEN", job, "gid")
    if size ~= #wanted.gid or try("HGET", job, "gid") ~= wanted.gid then return "no", cost end
  end
  local large = false
  if wanted.error ~= "" then
    local failure, size = field_up_to(job, "last_error", LONGEST)
    large, cost = size > LONGEST, cost + size / READ
    if not large and not (failure and says_it(failure)) then return "no", cost end
  end
  if #wanted.parts == 0 then return large and "large" or "yes", cost end
  local payload, size = field_up_to(job, "payload", LONGEST)
  if size > LONGEST then return "large", cost end
  if not payload then return "no", cost end
  local holds, spent = payload_holds(payload)
  cost = cost + spent
  if holds == false then return "no", cost end
  if large then return "large", cost end
  if holds then return "yes", cost end
  return "ask", cost, payload
end
