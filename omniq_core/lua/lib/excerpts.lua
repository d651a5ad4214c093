-- What is read of an error to tell its kind; operator/error_excerpt.py says the same in Python, and why.
local HEAD, CAUSE = 300, 150
local TRACEBACK = "Traceback (most recent call last):"
local DIRECT_CAUSE = "\nThe above exception was the direct cause of the following exception:"
local CAUSES = {"\nCaused by: ", "[cause]: ", "\nNext "}

local function last_of(text, needle)
  local at = string.find(text, needle, 1, true)
  local found = at
  while at do
    found, at = at, string.find(text, needle, at + 1, true)
  end
  return found
end

-- A character takes up to four bytes; who gets it cuts it to the characters.
local function characters(text, from, most)
  local found = string.sub(text, from, from + most - 1)
  return string.find(found, "[\128-\255]") and string.sub(text, from, from + 4 * most - 1) or found
end

local function cause_of(text)
  for _, marker in ipairs(CAUSES) do
    local at = last_of(text, marker)
    if at then return string.match(text, "^[^\n]*", at + #marker) end
  end
  local at = string.find(text, DIRECT_CAUSE, 1, true)
  if not at then return "" end
  local before = string.match(string.sub(text, 1, at - 1), "([^\n]*)\n*$")
  return before
end

-- Where the line stands that says what was raised: behind the last traceback where an error begins with one.
local function says_at(text)
  if string.sub(text, 1, #TRACEBACK) ~= TRACEBACK then return 1 end
  local at = string.find(text, "\n[^ \t\n]", last_of(text, TRACEBACK))
  return at and at + 1 or 1
end

-- The beginning, the cause, and how many bytes stand behind that beginning.
local function excerpt(text)
  local begin = says_at(text)
  local head = characters(text, begin, HEAD)
  return head, characters(cause_of(text), 1, CAUSE), #text - begin + 1 - #head
end

-- Whether the line that says what was raised begins with this type (in lower case), with its module or without. Nothing
-- else of the error is looked at: who asks so may not see it, and would read it letter by letter.
local function is_of_type(text, type_name)
  local name, at = string.match(text, "^%s*([%a_\128-\255][%w_%.$\\\128-\255]*)()", says_at(text))
  if not name then return false end
  local code = string.match(text, "^ %[[%u%d_]+%]", at) or "" -- as Node has it: TypeError [ERR_INVALID_URL]
  if not string.find(text, "^[:%s]", at + #code) and at + #code <= #text then return false end
  for _, said in ipairs({name, name .. code}) do
    said = string.lower(said)
    local before = string.sub(said, -#type_name - 1, -#type_name - 1)
    if string.sub(said, -#type_name) == type_name and string.find(before, "^[%.\\$]?$") then return true end
  end
  return false
end
