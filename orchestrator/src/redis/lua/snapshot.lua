#!lua flags=allow-oom
-- The state of all queues at one moment, so that the books can be checked exactly. Every command is O(1) in the number
-- of tasks.
--
-- KEYS: dead letters, controls, then for each queue: stream, delayed set, ledger
-- ARGV: for each queue: group, lane
-- Reply: {now in ms, dead letters, INFO memory, controls,
--         {length, pending, entries added, first entry id, delayed, completed, dead, moved, delayed in all, written off},
--         ...}
local time = redis.call('TIME')
local reply = {
  string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)),
  redis.call('XLEN', KEYS[1]),
  redis.call('INFO', 'memory'),
  redis.call('HGETALL', KEYS[2]),
}
for q = 1, #ARGV / 2 do
  local at = 3 + (q - 1) * 3
  local group, lane = ARGV[q * 2 - 1], ARGV[q * 2]
  local length, added, first, pending = 0, 0, '', 0
  local info = redis.pcall('XINFO', 'STREAM', KEYS[at])
  if not info.err then
    for f = 1, #info, 2 do
      if info[f] == 'length' then length = info[f + 1] end
      if info[f] == 'entries-added' then added = info[f + 1] end
      if info[f] == 'first-entry' and info[f + 1] then first = info[f + 1][1] end
    end
    local groups = redis.call('XINFO', 'GROUPS', KEYS[at])
    for i = 1, #groups do
      local fields = {}
      for f = 1, #groups[i], 2 do fields[groups[i][f]] = groups[i][f + 1] end
      if fields.name == group then pending = fields.pending end
    end
  elseif not string.find(info.err, 'no such key', 1, true) then
    return redis.error_reply(info.err)
  end
  local books = redis.call('HMGET', KEYS[at + 2], lane .. ':completed', lane .. ':dead', lane .. ':moved',
    lane .. ':delayed', lane .. ':written_off')
  reply[#reply + 1] = { length, pending, added, first, redis.call('ZCARD', KEYS[at + 1]), tonumber(books[1] or 0),
    tonumber(books[2] or 0), tonumber(books[3] or 0), tonumber(books[4] or 0), tonumber(books[5] or 0) }
end
return reply
