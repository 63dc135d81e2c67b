#!lua flags=no-writes
-- Everything that Redis knows about one task, at one moment.
--
-- KEYS: record, heartbeats, then optionally the stream and the result hash that a generated task id names
-- ARGV: group of that stream, entry id in it; empty without
-- Reply: {now in ms, record or '', stream, entry id, fields or {}, pending row or {},
--         last delivered id, heartbeat or '', packed result or ''}
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local record = redis.call('GET', KEYS[1])
local stream, id, group = KEYS[3] or '', ARGV[2], ARGV[1]
if record then
  local state, _, entry, in_stream = string.match(record, '^(%a) (%S+) (%S+) (%S+) ')
  -- What is finished or waits for its time has no entry in a stream.
  if state ~= 'q' then return { now, record, in_stream or '', '', {}, {}, '', '', '' } end
  stream, id = in_stream, entry
end
if stream == '' then return { now, record or '', '', '', {}, {}, '', '', '' } end
if not record then
  local result = redis.call('HGET', KEYS[4], id)
  if result then return { now, '', stream, id, {}, {}, '', '', result } end
end
local entry = redis.call('XRANGE', stream, id, id)[1]
if not entry then return { now, record or '', stream, id, {}, {}, '', '', '' } end
local last, row = '', {}
local groups = redis.call('XINFO', 'GROUPS', stream)
for i = 1, #groups do
  local info = {}
  for f = 1, #groups[i], 2 do info[groups[i][f]] = groups[i][f + 1] end
  if group == '' or info.name == group then
    last = info['last-delivered-id']
    row = redis.call('XPENDING', stream, info.name, id, id, 1)[1] or {}
  end
end
local heartbeat = row[2] and redis.call('ZSCORE', KEYS[2], row[2]) or ''
return { now, record or '', stream, id, entry[2], row, last, heartbeat, '' }
