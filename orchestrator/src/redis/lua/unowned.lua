#!lua flags=allow-oom
-- Claims unowned entries: delivered, but pending for no consumer. Acknowledged entries are deleted, so every delivered
-- entry in the stream that is not pending is unowned.
--
-- KEYS: stream
-- ARGV: group, consumer, approximate limit of entries
-- Reply: ids of the claimed entries
local stream, group, consumer, limit = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
local last, total
local groups = redis.call('XINFO', 'GROUPS', stream)
for i = 1, #groups do
  local info = {}
  for f = 1, #groups[i], 2 do info[groups[i][f]] = groups[i][f + 1] end
  if info.name == group then
    last, total = info['last-delivered-id'], info.pending
  end
end
if not last then return {} end

-- Only `total` entries are pending: if more than that are scanned, the others are unowned.
local taken, from, scanned = {}, '-', 0
while scanned < total + limit do
  local page = redis.call('XRANGE', stream, from, last, 'COUNT', 100)
  if #page == 0 then break end
  local pending = {}
  local rows_from = page[1][1]
  repeat
    local rows = redis.call('XPENDING', stream, group, rows_from, page[#page][1], 500)
    for i = 1, #rows do pending[rows[i][1]] = true end
    rows_from = #rows == 500 and '(' .. rows[#rows][1] or nil
  until not rows_from
  for i = 1, #page do
    local id = page[i][1]
    if not pending[id] then
      redis.call('XCLAIM', stream, group, consumer, 0, id, 'FORCE', 'JUSTID')
      taken[#taken + 1] = id
    end
  end
  scanned = scanned + #page
  from = '(' .. page[#page][1]
end
return taken
