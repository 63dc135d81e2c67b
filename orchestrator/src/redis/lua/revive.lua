#!lua
-- Puts a dead letter's task back into its queue.
--
-- KEYS: dead letters, stream
-- ARGV: dead letter id, record key prefix, task id, history with this death
-- Reply: entry id, or nil when the dead letter is not there any more
local letter = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
if not letter then return nil end
local map = {}
for f = 1, #letter[2], 2 do map[letter[2][f]] = letter[2][f + 1] end
local fields = { 'task_id', ARGV[3], 'payload', map.payload or '', 'priority', map.priority or '', 'type',
  map.type or '', 'timestamp', map.timestamp or '', 'history', ARGV[4] }
local digest = string.match(redis.call('GET', ARGV[2] .. ARGV[3]) or '', '^f %S+ %S+ %S+ {"digest":"([%w_-]+)"')
if digest then
  fields[#fields + 1] = 'digest'
  fields[#fields + 1] = digest
end
local entry = redis.call('XADD', KEYS[2], '*', unpack(fields))
redis.call('SET', ARGV[2] .. ARGV[3], 'q ' .. entry .. ' ' .. entry .. ' ' .. KEYS[2] .. ' {"attempts":0}')
redis.call('XDEL', KEYS[1], ARGV[1])
return entry
