-- What is wrong with jobs, in one moment.
-- KEYS[1] anchor
-- ARGV per job (at most 100): id, digest from before the lists were read, how many entries in lists, of each its list and place
-- Returns per job {} when nothing is, or it has moved on since; else {kind, state, gid, when it was updated, the list it
-- would stand in after a repair, names of its indexes, then per entry its list and its place or -1}.
-- @include judging
-- @include placing
local fault = judging_fault()
if fault then return fault end
local asked, ids, told = read_asked(1), {}, {}
find_entries(asked)
for i, one in ipairs(asked) do ids[i] = one.id end
for i, job in ipairs(look_at(ids)) do
  local one = asked[i]
  local entries = entries_of(job, one.entries)
  local kind = not one.missing and job.print == one.print and verdict(job, entries)
  told[i] = {}
  if kind then
    local kept, indexes = kept_entry(job, entries), {}
    local after = kind == "orphans" and home_of(job) or kind ~= "ghosts" and kept and kept.list or ""
    for _, lane in ipairs(STATES) do
      if job.idx[lane] then indexes[#indexes + 1] = lane end
    end
    told[i] = { kind, string.sub(job.state, 1, 64), job.gid, string.sub(job.updated, 1, 32), after, indexes }
    for _, entry in ipairs(entries) do
      table.insert(told[i], entry.list)
      table.insert(told[i], entry.at or -1)
    end
  end
end
return told
