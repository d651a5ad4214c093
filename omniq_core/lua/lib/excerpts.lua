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

-- The beginning, the cause, and how many bytes stand behind that beginning.
local function excerpt(text)
  local begin = 1
  if string.sub(text, 1, #TRACEBACK) == TRACEBACK then
    local at = string.find(text, "\n[^ \t\n]", last_of(text, TRACEBACK))
    if at then begin = at + 1 end
  end
  local head = characters(text, begin, HEAD)
  return head, characters(cause_of(text), 1, CAUSE), #text - begin + 1 - #head
end
