#!lua flags=allow-oom
-- Makes delivered entries that are pending for no consumer pending for this one. With delete-on-acknowledge nothing
-- else can have been delivered, be in the stream and not be pending.
--
-- KEYS: stream
-- ARGV: group, consumer, most entries to take (about)
-- Reply: entry ids that were taken
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

-- Among one more delivered entries than are pending, one is unowned, if there is any.
local taken, from, looked = {}, '-', 0
while looked < total + limit do
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
  looked = looked + #page
  from = '(' .. page[#page][1]
end
return taken
