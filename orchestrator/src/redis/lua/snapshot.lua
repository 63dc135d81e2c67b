#!lua flags=no-writes
-- Reads the state of all queues at one moment, so that task accounting is exact. Each command is O(1) in the number of
-- tasks. Works while Redis rejects writes. If a queue cannot be read, its error is in the reply instead.
--
-- KEYS: dead letters, controls, then for each queue: stream, delayed set, ledger
-- ARGV: for each queue: group, lane
-- Reply: {now in ms, dead letters, INFO, controls, then for each queue:
--         {length, pending, entries added, first entry id, its timestamp field, delayed, completed, dead, moved,
--          delayed in all, written off, lost, due time of the first delayed task in ms or ''} or the text of the error}
local time = redis.call('TIME')
local letters = redis.pcall('XLEN', KEYS[1])
local reply = {
  string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)),
  type(letters) == 'table' and letters.err or letters,
  redis.call('INFO', 'memory', 'server', 'persistence', 'replication', 'stats'),
  redis.call('HGETALL', KEYS[2]),
}

local function field(fields, name)
  for f = 1, #fields, 2 do
    if fields[f] == name then return fields[f + 1] end
  end
end

local function read(stream, delayed, ledger, group, lane)
  local length, added, first, timestamp, pending = 0, 0, '', '', 0
  local info = redis.pcall('XINFO', 'STREAM', stream)
  if not info.err then
    length, added = field(info, 'length'), field(info, 'entries-added')
    local entry = field(info, 'first-entry')
    if entry then first, timestamp = entry[1], field(entry[2], 'timestamp') or '' end
    local groups = redis.call('XINFO', 'GROUPS', stream)
    for i = 1, #groups do
      if field(groups[i], 'name') == group then pending = field(groups[i], 'pending') end
    end
  elseif not string.find(info.err, 'no such key', 1, true) then
    error(info.err, 0)
  end
  local counts = redis.call('HMGET', ledger, lane .. ':completed', lane .. ':dead', lane .. ':moved', lane .. ':delayed',
    lane .. ':written_off', lane .. ':lost')
  local state = { length, pending, added, first, timestamp, redis.call('ZCARD', delayed) }
  for i = 1, 6 do state[6 + i] = tonumber(counts[i] or 0) or 0 end
  state[13] = redis.call('ZRANGEBYSCORE', delayed, '-inf', '+inf', 'WITHSCORES', 'LIMIT', 0, 1)[2] or ''
  return state
end

for q = 1, #ARGV / 2 do
  local at = 3 + (q - 1) * 3
  local ok, state = pcall(read, KEYS[at], KEYS[at + 1], KEYS[at + 2], ARGV[q * 2 - 1], ARGV[q * 2])
  reply[#reply + 1] = ok and state or (type(state) == 'table' and state.err or tostring(state))
end
return reply
