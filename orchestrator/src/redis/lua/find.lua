#!lua flags=no-writes
-- Reads all data of one task at one moment.
--
-- KEYS: record, heartbeats; for a generated task id also the stream and the result hash that it names
-- ARGV: group of that stream, entry id; both empty for other ids
-- Reply: {now in ms, record or '', stream, entry id, fields or {}, pending row or {},
--         last delivered id, heartbeat or '', packed result or ''}
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
-- include withoutWrongType

local record = without_wrong_type(redis.pcall('GET', KEYS[1]))
local stream, id, group = KEYS[3], ARGV[2], ARGV[1]
-- A finished or delayed task has no stream entry.
local in_stream = stream
if record then
  local state, _, entry, named = string.match(record, '^(%a) (%S+) (%S+) (%S+) ')
  stream, id, in_stream = named, entry, state == STATE.queued
end
local fields, row, last, heartbeat, result = {}, {}, '', '', false
if in_stream then
  result = not record and without_wrong_type(redis.pcall('HGET', KEYS[4], id))
  local entry = not result and redis.call('XRANGE', stream, id, id)[1]
  if entry then
    fields = entry[2]
    local groups = redis.call('XINFO', 'GROUPS', stream)
    for i = 1, #groups do
      local info = {}
      for f = 1, #groups[i], 2 do info[groups[i][f]] = groups[i][f + 1] end
      if group == '' or info.name == group then
        last = info['last-delivered-id']
        row = redis.call('XPENDING', stream, info.name, id, id, 1)[1] or {}
      end
    end
    heartbeat = row[2] and redis.call('ZSCORE', KEYS[2], row[2]) or ''
  end
end
return { now, record or '', stream or '', id or '', fields, row, last, heartbeat, result or '' }
