#!lua
-- Puts the task of a dead letter back into its queue.
--
-- KEYS: dead letters, stream
-- ARGV: dead letter id, record key prefix, task id, history including this failure
-- Reply: entry id, or nil if there is no such letter
local letter = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
if not letter then return nil end
local map = {}
for f = 1, #letter[2], 2 do map[letter[2][f]] = letter[2][f + 1] end
local fields = { 'task_id', ARGV[3], 'payload', map.payload or '', 'priority', map.priority or '', 'type',
  map.type or '', 'timestamp', map.timestamp or '', 'history', ARGV[4] }
local record = redis.pcall('GET', ARGV[2] .. ARGV[3])
if type(record) == 'table' and not string.find(record.err, 'WRONGTYPE', 1, true) then return record end
local digest = string.match(type(record) == 'string' and record or '', '^' .. STATE.failed .. ' %S+ %S+ %S+ {"digest":"([%w_-]+)"')
if digest then
  fields[#fields + 1] = 'digest'
  fields[#fields + 1] = digest
end
-- The failed entry is still in the stream if its acknowledgement was denied. With the same first entry, the new one
-- continues its task: otherwise the next attempt to acknowledge would add another dead letter.
local failed = string.match(map.entry_id or '', '^%d+%-%d+$')
local unacknowledged = failed and redis.call('XRANGE', KEYS[2], failed, failed)[1]
local origin
if unacknowledged then
  origin = failed
  for f = 1, #unacknowledged[2], 2 do
    if unacknowledged[2][f] == 'origin' then origin = unacknowledged[2][f + 1] end
  end
  fields[#fields + 1] = 'origin'
  fields[#fields + 1] = origin
end
local entry = redis.call('XADD', KEYS[2], '*', unpack(fields))
redis.call('SET', ARGV[2] .. ARGV[3], STATE.queued .. ' ' .. (origin or entry) .. ' ' .. entry .. ' ' .. KEYS[2] .. ' {"attempts":0}')
redis.call('XDEL', KEYS[1], ARGV[1])
return entry
